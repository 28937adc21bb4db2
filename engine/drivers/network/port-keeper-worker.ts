/**
 * The port keeper: a small process of one instance that holds the published ports of its containers, and answers on
 * those addresses whose packets the kernel cannot translate. It outlives the engine, which starts it with the first port
 * and speaks to it over a socket in the run root; it ends when it keeps nothing and nobody is connected.
 *
 *   node port-keeper-worker.mjs RUN_ROOT       prints a line when it listens
 */
import { rmSync } from 'node:fs';
import net from 'node:net';
import { type Forwarder, openForwarder } from './port-forwarders.ts';
import {
  type KeeperAnswer,
  type KeeperPort,
  type KeeperRequest,
  keeperSocket,
  onLines,
} from './port-keeper-protocol.ts';

const socketFile = keeperSocket(process.argv[2] ?? '');

interface Kept {
  forwarders: readonly Forwarder[];
  hostPorts: readonly number[];
}

const kept = new Map<string, Kept>();
const connections = new Set<net.Socket>();
/** Numbers tried for a port that may be any, before the last refusal is told. */
const maximumTries = 50;

function end(): never {
  rmSync(socketFile, { force: true });
  process.exit(0);
}

const closeAll = (forwarders: readonly Forwarder[]) => Promise.all(forwarders.map((forwarder) => forwarder.close()));

class Refused extends Error {
  readonly answer: NonNullable<KeeperAnswer['refused']>;
  constructor(answer: NonNullable<KeeperAnswer['refused']>) {
    super(answer.code);
    this.answer = answer;
  }
}

/** One number on every address of the port. */
async function bindAt({ protocol, addresses, target }: KeeperPort, wanted: number): Promise<Forwarder[]> {
  const bound: Forwarder[] = [];
  for (const address of addresses) {
    const port = wanted || (bound[0]?.port ?? 0);
    try {
      bound.push(await openForwarder({ protocol, address, port, target }));
    } catch (error) {
      await closeAll(bound);
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EINVAL';
      throw new Refused({ code, address, port, protocol });
    }
  }
  return bound;
}

async function bindPort(port: KeeperPort): Promise<Forwarder[]> {
  const any = port.first === 0;
  const tries = any ? maximumTries : port.last - port.first + 1;
  for (let index = 0; ; index++) {
    try {
      return await bindAt(port, any ? 0 : port.first + index);
    } catch (error) {
      if (index + 1 >= tries || !(error instanceof Refused) || error.answer.code !== 'EADDRINUSE') throw error;
    }
  }
}

async function reserve(id: string, ports: readonly KeeperPort[]): Promise<readonly number[]> {
  const before = kept.get(id);
  if (before) return before.hostPorts;
  const forwarders: Forwarder[] = [];
  const hostPorts: number[] = [];
  try {
    for (const port of ports) {
      const bound = await bindPort(port);
      forwarders.push(...bound);
      hostPorts.push(bound[0]?.port ?? 0);
    }
  } catch (error) {
    await closeAll(forwarders);
    throw error;
  }
  kept.set(id, { forwarders, hostPorts });
  return hostPorts;
}

async function release(id: string): Promise<void> {
  const before = kept.get(id);
  kept.delete(id);
  await closeAll(before?.forwarders ?? []);
}

async function answer(request: KeeperRequest, connection: net.Socket): Promise<Omit<KeeperAnswer, 'sequence'>> {
  switch (request.do) {
    case 'reserve':
      return { hostPorts: await reserve(request.id, request.ports) };
    case 'release':
      await release(request.id);
      return {};
    case 'list':
      return { ids: [...kept.keys()] };
    case 'leave':
      if (kept.size === 0) end();
      connection.end();
      return {};
    case 'end':
      end();
  }
}

/** Requests one after another, whoever asks: two that want the same port must not both half have it. */
let last: Promise<unknown> = Promise.resolve();

function serve(connection: net.Socket): void {
  connections.add(connection);
  connection.on('error', () => connection.destroy());
  connection.once('close', () => {
    connections.delete(connection);
    last = last.then(() => {
      if (connections.size === 0 && kept.size === 0) end();
    });
  });
  onLines(connection, (line) => {
    const request = JSON.parse(line) as KeeperRequest;
    last = last
      .then(() => answer(request, connection))
      .catch((error) => {
        if (error instanceof Refused) return { refused: error.answer };
        throw error;
      })
      .then(
        (said) =>
          connection.writable && connection.write(`${JSON.stringify({ sequence: request.sequence, ...said })}\n`),
      );
  });
}

// those of a terminal are meant for the engine
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.umask(0o177);
net.createServer(serve).listen(socketFile, () => process.stdout.write('ready\n'));
process.stdout.on('error', () => {});
