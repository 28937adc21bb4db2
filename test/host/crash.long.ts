import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type CrashDriver, openCrashDriver } from '../crash/crash-driver.ts';

// npm run test:long -- crash --seed 7
const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));
let driver: CrashDriver;
before(async () => {
  driver = await openCrashDriver(seed);
});
after(() => driver[Symbol.asyncDispose]());

const parts = 30;
for (let part = 1; part <= parts; part++)
  test(`SIGKILL among random operations, ${part} of ${parts} (--seed ${seed})`, async (context) => {
    while (driver.figures.kills < part * 10) await driver.round();
    context.diagnostic(JSON.stringify(driver.figures));
  });
