import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createError, execError } from './create-errors.ts';

const crun = (text: string) => text;
const runc = (text: string) =>
  `time="2026-01-01T00:00:00Z" level=error msg="runc create failed: unable to start container process: ${text.replaceAll('"', '\\"')}"`;

const cases: [message: string, command: string, reason: string | undefined, words: RegExp][] = [
  [
    crun('executable file `nope` not found in $PATH: No such file or directory'),
    'nope',
    'container.command-not-found',
    /exec: "nope": executable file not found in \$PATH/,
  ],
  [
    runc('exec: "nope": executable file not found in $PATH'),
    'nope',
    'container.command-not-found',
    /exec: "nope": executable file not found in \$PATH/,
  ],
  [
    crun('executable file `/nope` not found: No such file or directory'),
    '/nope',
    'container.command-not-found',
    /stat \/nope: no such file or directory/,
  ],
  [
    runc('exec: "/nope": stat /nope: no such file or directory'),
    '/nope',
    'container.command-not-found',
    /stat \/nope: no such file or directory/,
  ],
  [
    crun('open executable: Permission denied'),
    '/etc/plain',
    'container.command-not-executable',
    /exec: "\/etc\/plain": permission denied/,
  ],
  [crun('open executable: Operation not permitted'), '/etc', 'container.command-not-executable', /permission denied/],
  [runc('exec: "/etc": is a directory'), '/etc', 'container.command-not-executable', /is a directory/],
  [crun('chdir `/etc/passwd`: Not a directory'), 'sh', undefined, /working directory/],
];

for (const [message, command, reason, words] of cases) {
  test(`${command}: ${message.slice(0, 60)}`, () => {
    const error = createError(message, command);
    assert.equal(error.code, 'invalid');
    assert.equal(error.reason, reason);
    assert.match(error.message, words);
  });
}

test('anything else keeps the runtime’s words', () => {
  const error = createError(runc('error mounting "proc" to rootfs: permission denied'), 'sh');
  assert.equal(error.code, 'internal');
  assert.match(error.message, /error mounting "proc" to rootfs: permission denied/);
});

test('the same of an exec, in the words of exec', () => {
  const missing = execError('executable file `nope` not found in $PATH: No such file or directory', 'nope');
  assert.equal(
    missing.message,
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
  );
  assert.equal(missing.reason, 'container.command-not-found');
  const directory = execError('exec failed: unable to start container process: chdir to cwd ("/nope") failed', 'true');
  assert.match(directory.message, /container process: chdir to cwd \("\/nope"\) failed: unknown$/);
});
