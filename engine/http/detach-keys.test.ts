import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDetachKeys } from './detach-keys.ts';

test('the sequence leaves, also across chunks; what only began it goes on', () => {
  const keys = createDetachKeys('ctrl-p,ctrl-q');
  const type = (text: string) => {
    const { data, detached } = keys.read(Buffer.from(text, 'latin1'));
    return [data.toString('latin1'), detached];
  };
  assert.deepEqual(type('ab\x10'), ['ab', false]);
  assert.deepEqual(type('c'), ['\x10c', false]);
  assert.deepEqual(type('\x10'), ['', false]);
  assert.deepEqual(type('\x10\x11x'), ['\x10', true]);
});

test('keys by name', () => {
  assert.equal(createDetachKeys('ctrl-@,a,ctrl-]').read(Buffer.from([0, 0x61, 0x1d])).detached, true);
  assert.throws(() => createDetachKeys('ctrl-1'), {
    code: 'invalid',
    message: 'Invalid detach keys (ctrl-1) provided',
  });
});
