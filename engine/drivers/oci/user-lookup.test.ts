import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { lookUpUser } from './user-lookup.ts';

const root = mkdtempSync(path.join(tmpdir(), 'beluga-users-'));
after(() => rmSync(root, { recursive: true }));
mkdirSync(path.join(root, 'etc'));
writeFileSync(
  path.join(root, 'etc/passwd'),
  'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n\n7:x:70:71::/seven:\n',
);
writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\nwheel:x:10:root,app\napp:x:1001:\nlog:x:44:app\n');

test('a user is found by name or number', () => {
  assert.deepEqual(lookUpUser(root, ''), { uid: 0, gid: 0, additionalGids: [0, 10], home: '/root' });
  assert.deepEqual(lookUpUser(root, 'app'), {
    uid: 1000,
    gid: 1001,
    additionalGids: [1001, 10, 44],
    home: '/home/app',
  });
  assert.deepEqual(lookUpUser(root, '1000'), lookUpUser(root, 'app'));
  assert.deepEqual(lookUpUser(root, '4711'), { uid: 4711, gid: 0, additionalGids: [0], home: '/' });
});

test('a group that is named takes the place of all others', () => {
  assert.deepEqual(lookUpUser(root, 'app:log'), { uid: 1000, gid: 44, additionalGids: [44], home: '/home/app' });
  assert.deepEqual(lookUpUser(root, 'app:5000').additionalGids, [5000]);
  assert.deepEqual(lookUpUser(root, '12:13', ['wheel', '99']).additionalGids, [13, 10, 99]);
});

test('what is not there is told in Docker’s words', () => {
  assert.throws(() => lookUpUser(root, 'nobody'), /unable to find user nobody: no matching entries in passwd file/);
  assert.throws(() => lookUpUser(root, 'app:none'), /unable to find group none: no matching entries in group file/);
  assert.throws(() => lookUpUser(root, '4294967296'), /uids and gids must be in range 0-2147483647/);
  assert.throws(() => lookUpUser(root, 'app', ['none']), /unable to find group none/);
});

test('symlinks of the root filesystem never lead to the host', () => {
  const other = mkdtempSync(path.join(root, 'other-'));
  mkdirSync(path.join(other, 'etc'));
  // the host's /etc/passwd has root; this root's has nobody of that name
  symlinkSync('/etc/real-passwd', path.join(other, 'etc/passwd'));
  symlinkSync('../../../../../../etc/group', path.join(other, 'etc/group-loop'));
  writeFileSync(path.join(other, 'etc/real-passwd'), 'inner:x:5:6::/inner:\n');
  assert.deepEqual(lookUpUser(other, 'inner'), { uid: 5, gid: 6, additionalGids: [6], home: '/inner' });
  rmSync(path.join(other, 'etc/passwd'));
  symlinkSync('../../../../../../../../../../etc/passwd', path.join(other, 'etc/passwd'));
  assert.throws(() => lookUpUser(other, 'root'), /unable to find user root/);
});
