import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../engine/base/errors.ts';
import { type ProcessIdentity, watchProcess } from '../../engine/base/process-identity.ts';
import { commandInside, enterMountNamespace, releaseMountNamespace } from '../../engine/cli/mount-namespace.ts';
import { mountsBelow, readMountTable } from '../../engine/drivers/mounts/mount-table.ts';
import { bundleDirectory, readMonitor } from '../../engine/drivers/mounts/namespace-record.ts';
import { makeFolders, variants } from './drivers-scene.ts';

const roots = await makeFolders();
const script = fileURLToPath(new URL('drivers-inside.ts', import.meta.url));
let holder: ProcessIdentity;

before(async () => {
  holder = await enterMountNamespace(roots);
});
after(async () => {
  await releaseMountNamespace(roots);
  assert.deepEqual(mountsBelow(readMountTable(), roots.folder), []);
  rmSync(roots.folder, { recursive: true });
});

function startInside(...args: string[]) {
  const [file = '', ...command] = commandInside(holder, script, [roots.folder, ...args]);
  // of the test runner's own: with it the tests inside would report to a parent that does not listen
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(file, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data) => {
    said += String(data);
  });
  return { child, lines: createInterface({ input: child.stdout }), said: () => said, closed: once(child, 'close') };
}

async function inside(...args: string[]): Promise<void> {
  const { lines, said, closed } = startInside(...args);
  const heard: string[] = [];
  lines.on('line', (line) => heard.push(line));
  const [code] = await closed;
  assert.equal(code, 0, `${heard.join('\n')}\n${said()}`);
}

/** The next engine finds the namespace by the container's monitor, and a new holder is in it. */
async function loseHolder(id: string): Promise<void> {
  const monitor = readMonitor(bundleDirectory(roots.runRoot, id))?.monitor;
  assert.ok(monitor);
  const watch = watchProcess(holder, { keepRunning: true });
  process.kill(holder.pid, 'SIGKILL');
  await watch.ended;
  const lost = holder;
  holder = await enterMountNamespace(roots);
  assert.notEqual(holder.pid, lost.pid);
  assert.equal(readlinkSync(`/proc/${holder.pid}/ns/mnt`), readlinkSync(`/proc/${monitor.pid}/ns/mnt`));
  await assert.rejects(
    releaseMountNamespace(roots),
    (error) => error instanceof EngineError && error.reason === 'container.running',
  );
}

for (const runtime of variants) {
  test(`${runtime} and conmon run containers`, { timeout: 120_000 }, () => inside(runtime, 'suite'));

  test(`${runtime}: a container goes on when the engine is killed`, { timeout: 60_000 }, async () => {
    const first = startInside(runtime, 'start');
    const [id] = (await once(first.lines, 'line')) as [string];
    assert.match(id, /^[0-9a-f]{64}$/, first.said());
    first.child.kill('SIGKILL');
    await first.closed;
    const host = mountsBelow(readMountTable(), roots.folder).map(({ target }) => target);
    assert.deepEqual(host.toSorted(), [roots.dataRoot, roots.runRoot], 'the host sees the two binds only');
    await loseHolder(id);
    await inside(runtime, 'take-up', id);
  });
}
