import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEngine } from '../engine-fixture.ts';
import { grown, inspectable } from '../engine-memory.ts';
import { fuzzDoor } from '../fuzz/fuzz-door.ts';

// the same each time, so that what fails here is the change; npm run test:long draws another
const seed = Number(process.env.BELUGA_TEST_SEED ?? 389784078);

test(`malformed requests and streams: right answers, no crash, no leak (BELUGA_TEST_SEED=${seed})`, async (context) => {
  await using engine = await startEngine(inspectable);
  const figures = await fuzzDoor(engine, seed, 3000);
  context.diagnostic(JSON.stringify(figures));
  assert.ok(figures.descriptors.after <= figures.descriptors.before + 2, JSON.stringify(figures.descriptors));
  const { before, after } = figures.memory;
  assert.ok(grown(before, after) < figures.measured * 2000, JSON.stringify(figures.memory));
  assert.equal(await engine.docker('ps', '-aq'), '');
});
