import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type CrashDriver, openCrashDriver } from '../crash/crash-driver.ts';

const seed = Number(process.env.BELUGA_TEST_SEED ?? randomInt(2 ** 31));
const kills = 30;
let driver: CrashDriver;
before(async () => {
  driver = await openCrashDriver(seed);
});
after(() => driver[Symbol.asyncDispose]());

test(`SIGKILL among random operations of several clients (BELUGA_TEST_SEED=${seed})`, async (context) => {
  while (driver.figures.kills < kills) await driver.round();
  context.diagnostic(JSON.stringify(driver.figures));
});
