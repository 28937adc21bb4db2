import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goFileMode, pathStatToWire } from './path-stat.ts';

test("modes are Go's, times have their nanoseconds", () => {
  // as dockerd 26.1 gave them for these files
  assert.equal(goFileMode(0o100644), 420);
  assert.equal(goFileMode(0o120777), 134218239);
  assert.equal(goFileMode(0o040755), 2147484141);
  assert.equal(goFileMode(0o010644), 33554852);
  assert.equal(goFileMode(0o041777), 2 ** 31 + 2 ** 20 + 0o777);
  assert.equal(goFileMode(0o104751), 2 ** 23 + 0o751);
  const wire = pathStatToWire({
    ...{ name: 'f', mode: 0o100644, size: 3, linkTarget: '' },
    modified: { seconds: 1577836800, nanoseconds: 120_000_000 },
  });
  assert.deepEqual(JSON.parse(Buffer.from(wire, 'base64').toString()), {
    ...{ name: 'f', mode: 420, size: 3, linkTarget: '', mtime: '2020-01-01T00:00:00.12Z' },
  });
});
