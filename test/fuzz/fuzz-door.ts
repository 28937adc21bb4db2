import { readdirSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../crash/random.ts';
import type { TestEngine } from '../engine-fixture.ts';
import { type EngineMemory, memoryOf } from '../engine-memory.ts';
import { askJson } from '../raw-http.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Malformed, malformed } from './malformed.ts';

/** Of an answer nobody has to wait longer for, on the slowest machine. */
const hangsAfter = 90_000;

/**
 * Sends it and gives what came back, once there is the head of an answer, or the other side has closed.
 * @throws Error when neither happens
 */
export async function exchange(socketPath: string, { bytes, pieces, ending }: Malformed): Promise<Buffer> {
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (ending === 'wait' && Buffer.concat(chunks).includes('\r\n\r\n')) resolve();
    });
    // a reset is an answer too
    socket.on('error', () => resolve()).on('end', () => resolve());
    socket.on('close', () => resolve());
  });
  const timers = new AbortController();
  try {
    const size = Math.ceil(bytes.length / pieces) || 1;
    for (let at = 0; at < bytes.length; at += size) {
      if (at > 0) await sleep(2);
      socket.write(bytes.subarray(at, at + size));
    }
    if (ending === 'cut') {
      await sleep(Math.min(20, bytes.length % 21));
      return Buffer.concat(chunks);
    }
    if (ending === 'half-close') socket.end();
    const late = sleep(hangsAfter, true, { signal: timers.signal });
    late.catch(() => {});
    if (await Promise.race([answered, late])) throw new Error('no answer came');
    return Buffer.concat(chunks);
  } finally {
    timers.abort();
    socket.destroy();
  }
}

const countOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** What is wrong with an answer, in words. */
function complaint(answer: Buffer, { what, statuses }: Malformed): string | undefined {
  const text = answer.toString('latin1');
  if (text === '') return undefined;
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
  if (!status) return 'no HTTP answer';
  // a registry that is not there is nobody's fault
  const unreachable = status === 503 && what.endsWith(' /auth');
  if ((status === 500 || status > 501) && !unreachable) return 'it is called the fault of the engine';
  if (statuses && !statuses.includes(status)) return `not ${statuses.join(' or ')}`;
  const type = /\r\ncontent-type: application\/json/i.test(text);
  const [, body = ''] = text.split('\r\n\r\n');
  if (status >= 400 && type && !body.startsWith('{"message":"') && !/transfer-encoding/i.test(text))
    return 'an answer without a message';
  return undefined;
}

export interface FuzzFigures {
  requests: number;
  /** Status -> how often; 0: the connection was closed without an answer. */
  statuses: Record<string, number>;
  /** Requests between the two looks at the memory. */
  measured: number;
  memory: { before: EngineMemory; after: EngineMemory };
  descriptors: { before: number; after: number };
}

interface Fuzz {
  engine: TestEngine;
  known: string;
  seed: number;
  statuses: Record<string, number>;
  wrong: string[];
}

async function sendRange({ engine, known, seed, statuses, wrong }: Fuzz, from: number, to: number): Promise<void> {
  let next = from;
  const client = async () => {
    while (next < to && wrong.length < 20) {
      const number = next++;
      const made = malformed(randomOf(seed, number), known);
      const tell = (why: string, answer = '') =>
        wrong.push(`number ${number}, ${made.what}: ${why}: ${answer.slice(0, 600)}`);
      try {
        const answer = await exchange(engine.folders.socket, made);
        const text = answer.toString('latin1');
        const status = text.slice(9, 12) || '0';
        statuses[status] = (statuses[status] ?? 0) + 1;
        const why = complaint(answer, made);
        if (why) tell(why, text);
      } catch (error) {
        tell(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: 12 }, client));
}

/**
 * Sends so many malformed requests and streams, each made of the seed and its number.
 * @throws Error naming the numbers of those that got a wrong answer, or what the engine has leaked
 */
export async function fuzzDoor(engine: TestEngine, seed: number, count: number): Promise<FuzzFigures> {
  await engine.docker('load', '-i', sampleArchive());
  const body = { Image: sampleImage, Cmd: ['sleep', '3600'], HostConfig: { RestartPolicy: { Name: 'always' } } };
  const made = await askJson(engine.folders.socket, '/containers/create?name=known', body);
  const { Id: known } = made.json<{ Id: string }>();
  await askJson(engine.folders.socket, `/containers/${known}/start`, undefined);
  const { pid } = engine;
  const fuzz: Fuzz = { engine, known, seed, statuses: {}, wrong: [] };
  // what is prepared once is no leak
  const warmUp = Math.floor(count / 4);
  await engine.docker('run', '--rm', sampleImage, 'true');
  await sendRange(fuzz, 0, warmUp);
  const before = { memory: await memoryOf(engine), descriptors: countOf(pid) };
  await sendRange(fuzz, warmUp, count);
  // that a client that attached has left, the container's next word tells, or its end: as with dockerd
  await engine.docker('rm', '-f', known);
  if (fuzz.wrong.length > 0) throw new Error(`seed ${seed}:\n${fuzz.wrong.join('\n')}`);
  if (engine.pid !== pid || /"level":"fatal"|MaxListeners|Warning:/.test(engine.log()))
    throw new Error(`seed ${seed}: ${engine.log().slice(-4000)}`);
  await waitUntil('no descriptor is left open', () => countOf(pid) <= before.descriptors + 2).catch(() => {});
  return {
    requests: count,
    statuses: fuzz.statuses,
    measured: count - warmUp,
    memory: { before: before.memory, after: await memoryOf(engine) },
    descriptors: { before: before.descriptors, after: countOf(pid) },
  };
}
