import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { mountsBelow } from '../leak-check.ts';
import { ask } from '../raw-http.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
let folder: string;
before(async () => {
  engine = await startEngine();
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-kills-'));
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A build that has done one step and is in the middle of the next. */
async function inTheMiddle(word: string) {
  const lines = [`FROM ${sampleImage}`, `RUN echo ${word} > /first`, `RUN echo begun-${word}; sleep 1000`];
  writeFileSync(path.join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
  const going = engine.docker.start(['build', folder]);
  await waitUntil('the second step runs', () => going.said().includes(`\nbegun-${word}`));
  return going;
}

const entries = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);

/** What a step needs while it runs. */
function left(): string[] {
  const { runRoot, dataRoot } = engine.folders;
  return [
    ...mountsBelow(path.join(runRoot, 'containers')),
    ...['containers', 'netns'].flatMap((name) => entries(path.join(runRoot, name))),
    ...entries(path.join(dataRoot, 'build/contexts')),
    ...sleepers(),
  ];
}

function sleepers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => existsSync(`/proc/${pid}/root/first`) && pid !== String(process.pid));
}

async function firstIsCached(word: string): Promise<void> {
  const lines = [`FROM ${sampleImage}`, `RUN echo ${word} > /first`];
  const { stdout } = await engine.docker.run(['build', '-'], { input: `${lines.join('\n')}\n` });
  assert.equal(stdout.split('Using cache').length - 1, 2, stdout);
}

test('a client that leaves ends its build: no process, no mount, nothing half made, and what was finished stays cached', async () => {
  const going = await inTheMiddle('left');
  going.child.kill('SIGKILL');
  await going.ended;
  await waitUntil('the step is gone', () => left().length === 0);
  await firstIsCached('left');
});

test('an engine that is killed in the middle of a build: the next one takes everything away, and has the finished steps', async () => {
  const going = await inTheMiddle('killed');
  await engine.kill('SIGKILL');
  await going.ended;
  await engine.restart();
  await waitUntil('the step is gone', () => left().length === 0);
  await firstIsCached('killed');
});

interface Told {
  builds: readonly { id: string; state: string; references: readonly string[] }[];
}

const beluga = async (place: string) => (await ask(engine.folders.socket, { path: `/beluga/builds${place}` })).text;
const history = async () => (JSON.parse(await beluga('')) as Told).builds;

/** The record of a build, as the next engine finds it. */
function written(id = ''): string {
  using records = new DatabaseSync(path.join(engine.folders.dataRoot, 'beluga.db'), { readOnly: true });
  return String(records.prepare('SELECT record FROM build_runs WHERE id = ?').get(id)?.record);
}

test('builds of the CLI are remembered with their logs over SIGKILL; the one that it cut off is shown as such', async () => {
  const going = await inTheMiddle('remembered');
  const [running] = await history();
  assert.equal(running?.state, 'running');
  await waitUntil('what it has said is written down', () => written(running?.id).includes('"logLines":1'));
  await engine.kill('SIGKILL');
  await going.ended;
  await engine.restart();
  const [cut] = await history();
  assert.deepEqual([cut?.id, cut?.state], [running?.id, 'lost']);
  const { steps, source } = JSON.parse(await beluga(`/${cut?.id}`));
  assert.match(source, /begun-remembered/);
  assert.deepEqual(
    steps.map(({ state }: { state: string }) => state),
    ['done', 'done', 'cancelled'],
  );
  assert.match(await beluga(`/${cut?.id}/steps/3/log`), /"text":"begun-remembered"/);
  assert.ok((await history()).some(({ state }) => state === 'done'));
  await engine.docker('builder', 'prune', '-f');
  assert.deepEqual(await history(), []);
  assert.deepEqual(entries(path.join(engine.folders.dataRoot, 'build/logs')), []);
});
