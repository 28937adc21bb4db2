import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiVersion } from './api-version.ts';

/** One request being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly version: ApiVersion;
  /** The connection of a request that asked for `Upgrade`, with what the client has sent already. */
  readonly upgrade: { socket: Socket; head: Buffer } | undefined;
}

/** A line of a route table. Handlers throw `EngineError`; the server answers with it. */
export interface Route {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version prefix; `:name` is a part, also one with slashes for images. */
  path: string;
  /** Takes the connection over (`hijack.ts`). */
  hijacks?: boolean;
  handler(exchange: Exchange): Promise<void> | void;
}

/** Answers with JSON. */
export function sendJson(x: Exchange, status: number, body: unknown): void {
  sendJsonBytes(x, status, Buffer.from(`${JSON.stringify(body)}\n`));
}

/** The same with JSON that is written already. */
export function sendJsonBytes({ response }: Exchange, status: number, bytes: Buffer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
  response.end(bytes);
}

/** Answers without a body. */
export function sendEmpty({ response }: Exchange, status: 200 | 204 = 204): void {
  response.writeHead(status, status === 204 ? {} : { 'Content-Length': 0 });
  response.end();
}

/** A named part of the path. */
export function param({ params }: Exchange, name: string): string {
  return params[name] ?? '';
}
