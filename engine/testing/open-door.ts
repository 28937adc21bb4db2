import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDockerApi } from '../http/server.ts';
import { doorServices } from './door-services.ts';

export const quietLog = { debug: () => {}, error: () => {} };

/** The door on a socket of its own over recorded services; `await using` closes it. */
export async function openDoor(changes: Parameters<typeof doorServices>[0] = {}) {
  const directory = await mkdtemp(path.join(tmpdir(), 'beluga-door-'));
  const services = doorServices(changes);
  const api = createDockerApi({ ...services, log: quietLog });
  const socketPath = path.join(directory, 'docker.sock');
  await api.listen({ path: socketPath });
  return {
    socketPath,
    world: services.world,
    [Symbol.asyncDispose]: async () => {
      await api.close();
      await rm(directory, { recursive: true });
    },
  };
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  json: () => ReturnType<typeof JSON.parse>;
}

/** One request on a connection of its own. */
export function ask(
  socketPath: string,
  method: string,
  url: string,
  body?: string | Buffer,
  headers: http.OutgoingHttpHeaders = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const request = http.request(
      { socketPath, method, path: url, agent: false, headers: { ...type, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('latin1');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Reads a socket until what came matches. */
export function until(socket: net.Socket, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!wanted.test(text)) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read);
    socket.once('close', () => reject(new Error(`closed after: ${text}`)));
  });
}

/** Resolves at the other side's half-close. */
export const ended = (socket: net.Socket) => new Promise<void>((resolve) => socket.once('end', resolve));
