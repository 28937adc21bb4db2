import assert from 'node:assert/strict';
import { accessSync, constants, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cgroupHierarchies } from '../cgroups.ts';
import { expectMove } from './expect-move.ts';

const places = () => readFileSync('/proc/self/cgroup', 'utf8');
function canMove(): boolean {
  try {
    const [first] = cgroupHierarchies();
    if (first === undefined) return false;
    accessSync(`${first}/cgroup.procs`, constants.W_OK);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

test('the process stays where it is, also when it is asked for again meanwhile', {
  skip: canMove() ? false : 'the cgroups cannot be written here',
}, async () => {
  const before = places();
  assert.deepEqual(await Promise.all([expectMove(), expectMove()]), [true, true]);
  assert.equal(await expectMove(), true);
  assert.equal(places(), before);
});
