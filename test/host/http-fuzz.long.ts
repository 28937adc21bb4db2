import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { startEngine } from '../engine-fixture.ts';
import { grown, inspectable } from '../engine-memory.ts';
import { fuzzDoor } from '../fuzz/fuzz-door.ts';

const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));

test(`10,000 malformed requests and streams (--seed ${seed})`, async (context) => {
  await using engine = await startEngine(inspectable);
  const figures = await fuzzDoor(engine, seed, 10_000);
  context.diagnostic(JSON.stringify(figures));
  assert.ok(figures.descriptors.after <= figures.descriptors.before + 2, JSON.stringify(figures.descriptors));
  const { before, after } = figures.memory;
  assert.ok(grown(before, after) < figures.measured * 500, JSON.stringify(figures.memory));
});
