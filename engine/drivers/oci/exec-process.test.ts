import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execProcess } from './exec-process.ts';
import type { OciSpec } from './oci-spec.ts';
import type { ExecRequest } from './runtime.ts';

const bounding = ['CAP_CHOWN', 'CAP_KILL'];
const spec = {
  hostname: 'box',
  process: {
    terminal: true,
    consoleSize: { height: 1, width: 1 },
    user: { uid: 1000, gid: 1000, additionalGids: [1000], umask: 0o022 },
    args: ['first'],
    env: ['PATH=/first', 'TERM=xterm'],
    cwd: '/first',
    capabilities: { bounding, effective: [], permitted: [], inheritable: [], ambient: [] },
    noNewPrivileges: true,
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }],
  },
} as unknown as OciSpec;
const request: ExecRequest = {
  id: 'c',
  execId: 'e',
  args: ['ls', '-l'],
  environment: ['A=b'],
  workingDirectory: '',
  terminal: false,
  streams: { stdin: false, stdout: true, stderr: true },
  detached: false,
};

test('the container’s own process, changed by what is asked for', () => {
  const made = execProcess(spec, request);
  assert.deepEqual(
    [made.args, made.cwd, made.terminal, made.consoleSize, made.user.uid],
    [['ls', '-l'], '/', false, undefined, 1000],
  );
  assert.deepEqual(made.env.toSorted(), [
    'A=b',
    'HOSTNAME=box',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
  assert.deepEqual([made.noNewPrivileges, made.rlimits], [true, spec.process.rlimits], 'limits stay');
});

test('capabilities: root has the container’s, others none, a privileged exec those given', () => {
  const root = { uid: 0, gid: 0, additionalGids: [0] };
  assert.deepEqual(execProcess(spec, request).capabilities.effective, []);
  assert.deepEqual(execProcess(spec, { ...request, user: root }).capabilities.effective, bounding);
  const all = [...bounding, 'CAP_SYS_ADMIN'];
  assert.deepEqual(execProcess(spec, { ...request, user: root, capabilities: all }).capabilities.permitted, all);
});

test('a terminal has a type and a size', () => {
  const made = execProcess(spec, { ...request, terminal: true, size: { rows: 3, columns: 4 } });
  assert.deepEqual(made.consoleSize, { height: 3, width: 4 });
  assert.ok(made.env.includes('TERM=xterm'));
});
