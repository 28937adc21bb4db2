import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerCalls, DockerHost, LogOptions } from '../../engine/compose/docker-host.ts';
import type { LogLine } from '../bridge/containers.ts';
import { HostError } from '../hosts/host-error.ts';
import { containerHandlers } from './container-handlers.ts';
import { containerLogs, sinceOf } from './container-logs.ts';
import { toLoadProgress } from './image-handlers.ts';

const lost = new HostError('unavailable', 'lost');
const never = new AbortController().signal;
const time = (nanoseconds: number) => `2026-01-01T00:00:00.${String(nanoseconds).padStart(9, '0')}Z`;

/** A host of which only some calls of containers are used. */
const hostOf = (containers: Partial<ContainerCalls>) => ({ containers }) as unknown as DockerHost;

/** A host whose log breaks off as told: `all` is what the container wrote, `cuts` how many lines each answer gives. */
function breaking(all: readonly [nanoseconds: number, text: string][], cuts: number[]) {
  const asked: LogOptions[] = [];
  const host = hostOf({
    inspect: async () => ({ State: { Running: asked.length < cuts.length }, Config: { Tty: false } }),
    logs: async function* (_, options) {
      const count = cuts[asked.length] ?? 0;
      asked.push(options);
      const from = options.since === undefined ? 0 : Number(options.since.split('.')[1]);
      for (const [at, text] of all.filter(([nanoseconds]) => nanoseconds >= from).slice(0, count)) {
        yield { stream: 'stdout' as const, data: Buffer.from(`${time(at)} ${text}\n`) };
      }
      if (asked.length < cuts.length) throw lost;
    },
  });
  return { host, asked };
}

async function linesOf(items: AsyncIterable<LogLine>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of items) texts.push(text);
  return texts;
}

test('a followed log goes on over restarts of the engine, without loss or repeat', async () => {
  const written: [number, string][] = [
    [1, 'a'],
    [2, 'b'],
    [2, 'c'],
    [2, 'd'],
    [3, 'e'],
  ];
  const { host, asked } = breaking(written, [2, 0, 2, 9]);
  let waits = 0;
  const engineRuns = async () => {
    waits += 1;
  };
  const log = containerLogs({ host, engineRuns }, { id: 'x', follow: true, tail: 100 }, never);
  assert.deepEqual(await linesOf(log), ['a', 'b', 'c', 'd', 'e']);
  assert.equal(waits, 3);
  assert.deepEqual(
    asked.map(({ tail, since }) => [tail, since]),
    [
      [100, undefined],
      [undefined, '1767225600.000000002'],
      [undefined, '1767225600.000000002'],
      [undefined, '1767225600.000000002'],
    ],
  );
});

test('a log that is not followed fails when it breaks off', async () => {
  const { host } = breaking([[1, 'a']], [1, 1]);
  const log = containerLogs({ host, engineRuns: async () => undefined }, { id: 'x', follow: false }, never);
  await assert.rejects(linesOf(log), lost);
});

test('a time as the API takes it keeps its nanoseconds', () => {
  assert.equal(sinceOf('2026-01-01T00:00:00.000000002Z'), '1767225600.000000002');
  assert.equal(sinceOf('2026-01-01T01:00:00.5+01:00'), '1767225600.500000000');
  assert.equal(sinceOf('2026-01-01T00:00:00Z'), '1767225600.000000000');
});

test('to start what runs is no failure; a start that fails has the container looked at again', async () => {
  const looked: string[] = [];
  const handlers = containerHandlers({
    engineRuns: async () => undefined,
    lookAgain: (id) => looked.push(id),
    host: hostOf({
      start: async (id) => {
        throw new HostError(id === 'runs' ? 'not-modified' : 'not-found', 'no');
      },
    }),
  });
  await handlers['containers.start']({ id: 'runs' });
  await assert.rejects(async () => handlers['containers.start']({ id: 'gone' }), { code: 'not-found' });
  assert.deepEqual(looked, ['runs', 'gone']);
});

test('create takes the command over when there is one, and starts only when asked', async () => {
  const done: unknown[] = [];
  const handlers = containerHandlers({
    engineRuns: async () => undefined,
    lookAgain: () => undefined,
    host: hostOf({
      create: async (request, name) => {
        done.push([request, name]);
        return { id: 'i', warnings: [{ message: 'w' }] };
      },
      start: async (id) => {
        done.push(`start ${id}`);
      },
    }),
  });
  const created = await handlers['containers.create']({ image: 'a', name: '', command: [] });
  assert.deepEqual(created, { id: 'i', warnings: [{ message: 'w' }] });
  await handlers['containers.create']({ image: 'a', name: 'web', command: ['sh'], start: true });
  assert.deepEqual(done, [[{ Image: 'a' }, undefined], [{ Image: 'a', Cmd: ['sh'] }, 'web'], 'start i']);
});

test('what a load says, and what it made', () => {
  assert.deepEqual(toLoadProgress('Loaded image: a/b:1'), { text: 'Loaded image: a/b:1', reference: 'a/b:1' });
  assert.equal(toLoadProgress('Loaded image ID: sha256:ab').reference, 'sha256:ab');
  assert.deepEqual(toLoadProgress('Loading layer 3 MB'), { text: 'Loading layer 3 MB' });
});
