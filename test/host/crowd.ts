import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type Called, call } from '../crash/call.ts';
import { randomOf } from '../crash/random.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { type EngineMemory, inspectable, memoryOf } from '../engine-memory.ts';
import { framesOf } from '../raw-http.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

/** Many clients at one engine. */
export interface Crowd extends AsyncDisposable {
  /** Makes containers, looks at them, runs some, and removes all. */
  createMany(size: { clients: number; containers: number; running: number }): Promise<void>;
  /** Starts, stops, renames, removals and looks of one container at the same time, until it is gone. */
  race(size: { clients: number; seed: number }): Promise<void>;
  /** What the engine holds once it has come to rest. */
  use(): Promise<{ memory: EngineMemory; descriptors: number }>;
}

async function answer(socket: string, asked: Parameters<typeof call>[1], ...statuses: number[]): Promise<Called> {
  const found = await call(socket, asked);
  const words = `${asked.method ?? 'GET'} ${asked.path}: ${found.status} ${found.text.slice(0, 300)}`;
  assert.ok(statuses.includes(found.status), words);
  return found;
}

/** `work` for each number below `count`, so many at a time. */
async function together(count: number, clients: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function makeOne(socket: string, name: string, command: readonly string[]): Promise<string> {
  const body = { Image: sampleImage, Cmd: command, HostConfig: { NetworkMode: 'none' }, Labels: { crowd: name } };
  const made = await answer(socket, { method: 'POST', path: `/containers/create?name=${name}`, body }, 201);
  return (JSON.parse(made.text) as { Id: string }).Id;
}

const codeOf = (number: number) => number % 100;

async function runOne(socket: string, id: string, number: number): Promise<void> {
  await answer(socket, { method: 'POST', path: `/containers/${id}/start` }, 204);
  const waited = await answer(socket, { method: 'POST', path: `/containers/${id}/wait` }, 200);
  assert.equal((JSON.parse(waited.text) as { StatusCode: number }).StatusCode, codeOf(number));
  const log = await answer(socket, { path: `/containers/${id}/logs?stdout=1` }, 200);
  const said = framesOf(Buffer.from(log.text, 'latin1')).map(({ text }) => text);
  assert.equal(said.join(''), `number ${number}\n`);
}

async function createMany(
  socket: string,
  { clients, containers, running }: { clients: number; containers: number; running: number },
): Promise<void> {
  const ids: string[] = [];
  await together(containers, clients, async (number) => {
    const script = `echo number ${number}; exit ${codeOf(number)}`;
    ids[number] = await makeOne(socket, `crowd-${number}`, ['sh', '-c', script]);
  });
  assert.equal(new Set(ids).size, containers);
  await together(clients, clients, async (number) => {
    const listed = await answer(socket, { path: '/containers/json?all=1' }, 200);
    assert.equal((JSON.parse(listed.text) as unknown[]).length, containers);
    const one = await answer(socket, { path: `/containers/crowd-${number % containers}/json` }, 200);
    assert.equal((JSON.parse(one.text) as { Id: string }).Id, ids[number % containers]);
  });
  await together(running, running, async (number) => runOne(socket, ids[number] ?? '', number));
  await together(containers, clients, async (number) => {
    await answer(socket, { method: 'DELETE', path: `/containers/${ids[number]}` }, 204);
  });
  const left = await answer(socket, { path: '/containers/json?all=1' }, 200);
  assert.equal(left.text.trim(), '[]');
}

const words = [
  'start',
  'stop?t=0',
  'restart?t=0',
  'kill',
  'pause',
  'unpause',
  'rename?name=raced-1',
  'rename?name=raced-2',
];

async function race(socket: string, { clients, seed }: { clients: number; seed: number }): Promise<void> {
  const id = await makeOne(socket, 'raced', ['sleep', '600']);
  const random = randomOf(seed);
  const asked = Array.from({ length: clients }, (_, index) => {
    const draw = random();
    if (index === clients - 1) return { method: 'DELETE', path: `/containers/${id}?force=1` };
    if (draw < 0.1) return { method: 'DELETE', path: `/containers/${id}` };
    if (draw < 0.2) return { method: 'GET', path: `/containers/${id}/json` };
    return { method: 'POST', path: `/containers/${id}/${random.pick(words)}` };
  });
  // 400: renamed to the name that it has
  const answers = await Promise.all(asked.map((one) => answer(socket, one, 200, 204, 304, 400, 404, 409)));
  const removed = answers.filter(({ status }, index) => asked[index]?.method === 'DELETE' && status === 204);
  assert.ok(removed.length <= 1, `${removed.length} removals were answered 204`);
  // none, where one without force was in the way of the one with it, and found the container running
  const last = removed.length === 1 ? 404 : 204;
  await answer(socket, { method: 'DELETE', path: `/containers/${id}?force=1` }, last);
  await answer(socket, { path: `/containers/${id}/json` }, 404);
}

async function useOf(engine: TestEngine) {
  const descriptors = () => readdirSync(`/proc/${engine.pid}/fd`).length;
  // what is being closed is closed
  let last = -1;
  await waitUntil(
    'the engine has come to rest',
    () => {
      const rests = descriptors() === last;
      last = descriptors();
      return rests;
    },
    { everyMs: 500 },
  );
  return { descriptors: descriptors(), memory: await memoryOf(engine) };
}

export async function openCrowd(): Promise<Crowd> {
  const engine = await startEngine(inspectable);
  const { socket } = engine.folders;
  try {
    await engine.docker('load', '-i', sampleArchive());
    // the descriptors that measuring takes are there from now on
    await memoryOf(engine);
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
  return {
    createMany: (size) => createMany(socket, size),
    race: (size) => race(socket, size),
    use: () => useOf(engine),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
