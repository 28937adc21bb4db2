import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { grown } from '../engine-memory.ts';
import { type Crowd, openCrowd } from './crowd.ts';

const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));
const size = { clients: 100, containers: 1000, running: 20 };
const racesOfPart = 20;
let crowd: Crowd;
let first: Awaited<ReturnType<Crowd['use']>>;
/** Of the process, after each part: what V8 has taken it gives back late, but it levels off. MiB. */
const resident: number[] = [];
before(async () => {
  crowd = await openCrowd();
});
after(() => crowd[Symbol.asyncDispose]());
afterEach(async () => void resident.push(Math.round((await crowd.use()).memory.resident / 2 ** 20)));

const race = async (part: number) => {
  for (let number = 0; number < racesOfPart; number++)
    await crowd.race({ clients: 100, seed: seed + part * racesOfPart + number });
};

test(`100 clients: 1,000 containers, 20 running at once (--seed ${seed})`, () => crowd.createMany(size));
test(`100 clients: 20 races of one container (--seed ${seed})`, async () => {
  await race(0);
  // what is made once is no leak
  first = await crowd.use();
});
for (const time of [2, 3, 4]) test(`1,000 containers, time ${time} of 4`, () => crowd.createMany(size));
for (const part of [1, 2, 3, 4])
  test(`20 races of one container, part ${part} of 4 (--seed ${seed})`, () => race(part));

test('flat memory', async (context) => {
  const last = await crowd.use();
  context.diagnostic(JSON.stringify({ first, last, resident }));
  assert.ok(last.descriptors <= first.descriptors, JSON.stringify({ first, last }));
  // of each of 3,000 containers and 8,000 calls in races
  assert.ok(grown(first.memory, last.memory) < 11_000 * 500, JSON.stringify({ first, last }));
});
