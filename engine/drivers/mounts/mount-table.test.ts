import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountAt, mountsBelow, parseMountTable, upperDirectory } from './mount-table.ts';

const table = parseMountTable(`22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
42 27 254:0 /a\\040b /mnt/a\\040b ro shared:2 master:3 - ext4 /dev/vda rw
50 27 0:50 / /mnt/r rw - overlay overlay rw,lowerdir=/l,upperdir=/u\\134,x,workdir=/w
51 27 0:51 / /mnt/r rw - tmpfs tmpfs rw
`);

test('lines are read with their escapes and propagation', () => {
  const bind = mountAt(table, '/mnt/a b');
  assert.deepEqual([bind?.root, bind?.shared, bind?.device, bind?.options], ['/a b', true, '254:0', ['ro']]);
  assert.deepEqual([bind?.peerGroup, bind?.masterGroup], [2, 3]);
  assert.equal(mountAt(table, '/proc')?.shared, false);
});

test('of two at one target the later is on top, and the deepest come first', () => {
  assert.equal(mountAt(table, '/mnt/r')?.type, 'tmpfs');
  assert.deepEqual(
    mountsBelow(table, '/mnt').map(({ id }) => id),
    [51, 50, 42],
  );
  assert.deepEqual(mountsBelow(table, '/mn'), []);
});

test('the upper directory is what mount was given', () => {
  const overlay = table.find(({ type }) => type === 'overlay');
  assert.equal(overlay && upperDirectory(overlay), '/u,x');
});
