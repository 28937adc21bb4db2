import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Kill, type KillScene, openKillScene, randomOf } from './pull-kills.ts';

const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));
const random = randomOf(seed);
const kills: Kill[] = [];
let scene: KillScene;
before(async () => {
  scene = await openKillScene();
});
after(() => scene[Symbol.asyncDispose]());

for (let part = 1; part <= 5; part++)
  test(`SIGKILL at random points of a pull, ${part} of 5 (BELUGA_TEST_SEED=${seed})`, async () => {
    for (let round = 0; round < 10; round++) kills.push(await scene.killOnce(random));
  });

test('at least 20 of the 50 were in the middle of a layer of 40 MB or more', (context) => {
  const inLarge = kills.filter(({ inLargeLayer }) => inLargeLayer).length;
  const late = kills.filter((kill) => kill.late).length;
  context.diagnostic(`${kills.length} kills, ${inLarge} in the middle of a large layer, ${late} after the end`);
  assert.equal(kills.length, 50);
  assert.ok(inLarge >= 20, `${inLarge}`);
});
