import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';

/** A file that the program which starts the engine has open, and hands on by mistake, as Chromium does. */
const open = '/etc/debian_version';
// Node closes the first dozen by itself
const withOpenFile = ['bash', '-c', `exec 100<${open}; exec "$0" "$@"`];

const openFiles = (pid: number) =>
  readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));

test('engine, holder, monitor and container inherit nothing of what started the engine', async () => {
  await using engine = await startEngine({ prefix: withOpenFile });
  const { docker } = engine;
  await docker('load', '-i', sampleArchive());
  await docker('run', '-d', '--name', 'inner', sampleImage);
  const inner = Number(await docker('inspect', '--format', '{{.State.Pid}}', 'inner'));
  const monitor = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${inner}/status`, 'utf8'))?.[1]);
  const holder = JSON.parse(readFileSync(path.join(engine.folders.runRoot, 'holder.json'), 'utf8')).pid as number;
  for (const pid of [engine.pid, holder, monitor, inner]) assert.ok(!openFiles(pid).includes(open), `process ${pid}`);
});
