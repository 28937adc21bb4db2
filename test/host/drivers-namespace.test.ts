import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readlinkSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../engine/base/errors.ts';
import { isAlive, watchProcess } from '../../engine/base/process-identity.ts';
import { requireProgram } from '../../engine/base/program-file.ts';
import { runProgram } from '../../engine/base/run-program.ts';
import { commandInside, enterMountNamespace, releaseMountNamespace } from '../../engine/cli/mount-namespace.ts';
import { mountsBelow, readMountTable } from '../../engine/drivers/mounts/mount-table.ts';
import { readHolder, writeHolder } from '../../engine/drivers/mounts/namespace-record.ts';
import { makeFolders } from './drivers-scene.ts';

const { folder, ...roots } = await makeFolders();
const { dataRoot, runRoot } = roots;
after(() => rmSync(folder, { recursive: true }));

const targets = (pid: number | 'self' = 'self') =>
  mountsBelow(readMountTable(pid), folder)
    .map(({ target }) => target)
    .toSorted();
const namespaceOf = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/mnt`);

async function end(identity: { pid: number; startTime: string }): Promise<void> {
  const watch = watchProcess(identity, { keepRunning: true });
  process.kill(identity.pid, 'SIGKILL');
  await watch.ended;
}

test('a namespace is made, found again, and given back', async () => {
  const holder = await enterMountNamespace(roots);
  assert.ok(isAlive(holder));
  assert.notEqual(namespaceOf(holder.pid), namespaceOf('self'));
  assert.deepEqual(targets(), [dataRoot, runRoot]);
  assert.ok(mountsBelow(readMountTable(), folder).every(({ shared }) => !shared));
  assert.deepEqual(
    { pid: readHolder(runRoot)?.pid, dataRoot: readHolder(runRoot)?.dataRoot },
    { pid: holder.pid, dataRoot },
  );
  assert.deepEqual({ ...(await enterMountNamespace(roots)), ...{} }.pid, holder.pid);
  assert.deepEqual(targets(), [dataRoot, runRoot], 'never stacked twice');
  await releaseMountNamespace(roots);
  assert.equal(isAlive(holder), false);
  assert.deepEqual(targets(), []);
  await releaseMountNamespace(roots);
});

test('what is mounted inside stays inside; the second hierarchy of cgroups is hidden there only', async () => {
  const holder = await enterMountNamespace(roots);
  const inside = path.join(dataRoot, 'inside');
  mkdirSync(inside);
  const [file = '', option = ''] = commandInside(holder, '', []);
  await runProgram(file, [option, '--', 'mount', '-t', 'tmpfs', 'beluga', inside]);
  assert.deepEqual(targets(holder.pid), [dataRoot, inside, runRoot]);
  assert.deepEqual(targets(), [dataRoot, runRoot]);
  const unified = (pid: number | 'self') =>
    readMountTable(pid).some(({ target, type }) => target === '/sys/fs/cgroup/unified' && type === 'cgroup2');
  if (statfsSync('/sys/fs/cgroup').type !== 0x63677270) assert.equal(unified(holder.pid), false);
  await releaseMountNamespace(roots);
  rmSync(inside, { recursive: true });
});

test('a lost holder is replaced; a record of another boot or process is not believed', async () => {
  const first = await enterMountNamespace(roots);
  await end(first);
  assert.equal(readHolder(runRoot), undefined);
  const second = await enterMountNamespace(roots);
  assert.notEqual(second.pid, first.pid);
  assert.deepEqual(targets(), [dataRoot, runRoot]);
  const record = readHolder(runRoot);
  assert.ok(record);
  await writeHolder(runRoot, { ...record, bootId: 'another' });
  assert.equal(readHolder(runRoot), undefined);
  await writeHolder(runRoot, { ...record, startTime: '1' });
  assert.equal(readHolder(runRoot), undefined);
  await writeHolder(runRoot, record);
  await releaseMountNamespace(roots);
});

test('a run root belongs to one data root', async () => {
  await enterMountNamespace(roots);
  const other = path.join(folder, 'other');
  mkdirSync(other);
  await assert.rejects(
    enterMountNamespace({ runRoot, dataRoot: other }),
    (error) => error instanceof EngineError && error.reason === 'data-root.in-use',
  );
  await releaseMountNamespace(roots);
  assert.deepEqual(targets(), []);
});

if (!process.env.BELUGA_TEST_SHARED) {
  test('all of that also where the host shares its mounts, as systemd makes it', () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const script = fileURLToPath(import.meta.url);
    const flags = ['--mount', '--propagation', 'shared', '--', process.execPath, script];
    const again = spawnSync(requireProgram('unshare'), flags, {
      env: { ...env, BELUGA_TEST_SHARED: '1' },
      encoding: 'utf8',
    });
    assert.equal(again.status, 0, again.stdout + again.stderr);
  });
}
