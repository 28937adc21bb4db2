import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { openKillScene, randomOf } from './pull-kills.ts';

const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));
const rounds = 6;

test(`killed at ${rounds} random points of a pull: nothing leaks, and it goes on (BELUGA_TEST_SEED=${seed})`, async () => {
  const random = randomOf(seed);
  await using scene = await openKillScene();
  let inLarge = 0;
  for (let round = 0; round < rounds; round++) inLarge += (await scene.killOnce(random)).inLargeLayer ? 1 : 0;
  assert.ok(inLarge > 0, 'no kill was in the middle of a large layer');
});
