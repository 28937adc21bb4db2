import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginShell } from './login-shell.ts';

test('the first shell that can be worked with is taken', () => {
  assert.equal(loginShell(['/bin/bash', '/bin/sh']), '/bin/bash');
  assert.equal(loginShell([undefined, null, '', '/bin/sh']), '/bin/sh');
});

test('a shell that refuses everybody, is missing, cannot be run or has no full path is passed over', () => {
  assert.equal(loginShell(['/usr/sbin/nologin', '/bin/false', '/bin/bash']), '/bin/bash');
  assert.equal(loginShell(['/no/such/shell', '/etc/passwd', 'bash']), '/bin/sh');
});
