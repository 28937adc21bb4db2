import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { openCrowd } from './crowd.ts';

const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));

test(`many clients: 120 containers, races of one (BELUGA_TEST_SEED=${seed})`, async () => {
  await using crowd = await openCrowd();
  const size = { clients: 40, containers: 60, running: 6 };
  await crowd.createMany(size);
  await crowd.race({ clients: 40, seed });
  const before = await crowd.use();
  await crowd.createMany(size);
  for (let round = 1; round <= 4; round++) await crowd.race({ clients: 40, seed: seed + round });
  const after = await crowd.use();
  assert.ok(after.descriptors <= before.descriptors, `${before.descriptors} descriptors, then ${after.descriptors}`);
});
