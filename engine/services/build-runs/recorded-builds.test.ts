import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { channelOf, createChannel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import { openRecords, type Records } from '../../storage/records/records.ts';
import { BuildFailure } from '../build/build-failure.ts';
import type { BuildMessage, BuildRequest, BuildService } from '../build/build-service.ts';
import { openRecordedBuilds } from './recorded-builds.ts';
import { createStepLogs } from './step-logs.ts';

let folder: string;
let records: Records;
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-runs-'));
  records = openRecords(':memory:');
});
after(() => {
  records.close();
  rmSync(folder, { recursive: true });
});

const planned = (number: number, words: string, after: number[] = []): BuildMessage => ({
  planned: [{ number, words, lines: { first: number, last: number }, after, makes: true }],
});
const output = (step: number, text: string): BuildMessage => ({
  step,
  log: { stream: 'stdout', data: Buffer.from(text) },
});
const imageId = `sha256:${'a'.repeat(64)}` as const;
const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: imageId, size: 1 };
const request = (changes: Partial<BuildRequest> = {}): BuildRequest =>
  ({
    references: ['a:1'],
    buildArguments: {},
    labels: {},
    noCache: false,
    pull: false,
    network: 'default',
    extraHosts: [],
    resources: {},
    ulimits: [],
    logins: {},
    ...changes,
  }) as BuildRequest;

/** The history over builds that go as told. */
function open(build: BuildService['build']) {
  const look = () => Promise.reject(new Error('nobody looks'));
  const prune = async () => ({ ids: [], bytes: 0 });
  const builds: BuildService = { build, look, cache: async () => [], prune, imageBefore: look };
  return openRecordedBuilds({ records, builds, dataRoot: folder, log: { warn: () => {} } });
}

async function drain(messages: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of messages);
  } catch (error) {
    return error;
  }
  return undefined;
}

async function all(lines: AsyncIterable<string>): Promise<{ text?: string; dropped?: number }[]> {
  const read = [];
  for await (const line of lines) read.push(JSON.parse(line));
  return read;
}

test('a build is remembered with its steps and their output, and after a further opening too', async () => {
  const opened = await open(() =>
    channelOf(async (_, report) => {
      report({ source: 'FROM a\nRUN b\n' });
      report({
        planned: [
          { number: 1, words: 'FROM a', lines: { first: 1, last: 1 }, after: [], makes: true },
          { number: 2, words: 'RUN b', lines: { first: 2, last: 2 }, after: [1], makes: true },
        ],
      });
      report({ step: 1, total: 2, started: { words: 'FROM a' } });
      report({ step: 1, done: { cached: true, key: 'k1' } });
      report({ step: 2, total: 2, started: { words: 'RUN b' } });
      report(output(2, 'one\ntw'));
      report(output(2, 'o\r10%\r20%\nlast'));
      report({ step: 2, done: { cached: false, key: 'k2' } });
      report({ built: { imageId, references: ['a:1'], manifest, isKept: true } });
    }),
  );
  assert.equal(await drain(opened.builds.build(request({ id: '0123456789abcdef' }))), undefined);
  const again = await open(() => createChannel());
  for (const { runs } of [opened, again]) {
    const run = runs.one('0123456789abcdef');
    assert.deepEqual([run.state, run.imageId, run.made, run.cached, run.total], ['done', imageId, 2, 1, 2]);
    assert.deepEqual(run.steps[1]?.after, [1]);
    const texts = (await all(runs.log(run.id, 2))).map(({ text }) => text);
    assert.deepEqual(texts, ['one', '20%', 'last']);
  }
  await again.runs.remove('0123456789abcdef');
  assert.equal(existsSync(path.join(folder, 'build/logs/0123456789abcdef')), false);
  assert.throws(() => again.runs.one('0123456789abcdef'), { code: 'not-found', reason: 'build.not-found' });
});

test('values of secrets and of arguments that look like secrets are nowhere', async () => {
  const { builds, runs } = await open((asked) =>
    channelOf(async (_, report) => {
      const mounted = Buffer.from((await asked.client?.secret('npm')) ?? '').toString();
      report({ source: 'FROM a' });
      report(planned(1, 'RUN echo hunter22'));
      report({ step: 1, total: 1, started: { words: 'RUN echo hunter22' } });
      report(output(1, `hunter22 ${mounted}\n`));
      throw new BuildFailure(['echo', 'hunter22'], 3, { first: 1, last: 1 });
    }),
  );
  const client = {
    secret: async () => Buffer.from('top-hidden\n'),
    sshAgent: () => Promise.reject(new Error('none')),
    login: async () => undefined,
  };
  const buildArguments = { API_TOKEN: 'hunter22', VERSION: '1' };
  const failure = await drain(builds.build(request({ client, buildArguments })));
  assert.ok(failure instanceof BuildFailure);
  const [run] = runs.list();
  assert.ok(run);
  assert.equal(run.error?.line, 1);
  const detail = runs.one(run.id);
  assert.deepEqual(detail.steps[0]?.state, 'failed');
  assert.deepEqual(detail.arguments, [{ name: 'API_TOKEN' }, { name: 'VERSION', value: '1' }]);
  const kept =
    JSON.stringify([detail, await all(runs.log(run.id, 1))]) +
    JSON.stringify(
      records.database
        .prepare('SELECT record FROM build_runs')
        .all()
        .map(({ record }) => record),
    );
  assert.doesNotMatch(kept, /hunter22|top-hidden/);
  assert.match(readFileSync(path.join(folder, 'build/logs', run.id, '1.log'), 'utf8'), /\*\*\* \*\*\*/);
});

test('one that is left is cancelled, also by the history; what an engine had under way when it ended is lost', async () => {
  let aborted = 0;
  const endless = () =>
    channelOf<BuildMessage>(async (signal, report) => {
      report({ step: 1, total: 1, started: { words: 'RUN sleep' } });
      report(output(1, 'here\n'));
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      aborted++;
      throw new EngineError('cancelled', 'the build was cancelled');
    });
  const { builds, runs } = await open(endless);
  const going = builds.build(request());
  await going.next();
  const [running] = runs.list();
  assert.ok(running);
  await assert.rejects(runs.remove(running.id), { code: 'conflict' });
  const lines = runs.log(running.id, 1);
  assert.match(String((await lines.next()).value), /"here"/);
  const watched = runs.watchOne(running.id);
  assert.equal((await watched.next()).value?.state, 'running');

  const other = await open(endless);
  assert.equal(other.runs.one(running.id).state, 'lost');

  runs.cancel(running.id);
  assert.equal(((await drain(going)) as EngineError).code, 'cancelled');
  let last: string | undefined;
  for await (const { state } of watched) last = state;
  assert.equal(last, 'cancelled');
  assert.equal((await lines.next()).done, true);
  assert.equal(aborted, 1);
  assert.throws(() => runs.cancel(running.id), { reason: 'build.ended' });
  await builds.prune({});
  assert.deepEqual(runs.list(), []);
  assert.deepEqual(readdirSync(path.join(folder, 'build/logs')), []);
});

test('of a log that is too long its beginning and its end stay', async () => {
  const logs = createStepLogs({
    directory: path.join(folder, 'long'),
    limits: { head: 500, tail: 300 },
    log: { warn: () => assert.fail() },
  });
  const log = logs.begin('a', 1);
  for (let at = 0; at < 100; at++) log.add({ at, stream: 'stdout', text: `line ${at}` });
  await log.end();
  const lines = await all(logs.read('a', 1));
  assert.equal(lines[0]?.text, 'line 0');
  assert.equal(lines.at(-1)?.text, 'line 99');
  const kept = lines.filter(({ text }) => text !== undefined).length;
  assert.equal(lines.find(({ dropped }) => dropped)?.dropped, 100 - kept);
  await logs.keepOnly(new Set());
  assert.equal(existsSync(path.join(folder, 'long/a')), false);
});
