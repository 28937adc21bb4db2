/** What the engine and the port keeper say to each other: one JSON object a line, over `<run root>/ports.sock`. */
import path from 'node:path';
import type { PortProtocol } from './network-provider.ts';

/** One published port on one or more addresses of the host, all with the same number. */
export interface KeeperPort {
  protocol: PortProtocol;
  /** IPv4 and IPv6 addresses; all of them are bound, or none. */
  addresses: readonly string[];
  /** The first that is free of these; 0 to 0 = any. */
  first: number;
  last: number;
  /** Where connections go. */
  target: { address: string; port: number };
}

export type KeeperRequest =
  | { sequence: number; do: 'reserve'; id: string; ports: readonly KeeperPort[] }
  | { sequence: number; do: 'release'; id: string }
  | { sequence: number; do: 'list' }
  /** Ends the keeper if it keeps nothing, else the connection. */
  | { sequence: number; do: 'leave' }
  /** Ends the keeper. */
  | { sequence: number; do: 'end' };

export interface KeeperAnswer {
  sequence: number;
  /** Of `reserve`: the number of each port, in the order asked. */
  hostPorts?: readonly number[];
  /** Of `list`. */
  ids?: readonly string[];
  /** What could not be bound; then nothing of the request is. */
  refused?: { code: string; address: string; port: number; protocol: PortProtocol };
}

export const keeperSocket = (runRoot: string) => path.join(runRoot, 'ports.sock');

/** Calls back for each line of a stream of bytes. */
export function onLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.on('data', (data) => {
    const lines = (rest + String(data)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
