import { expect as expectOfTests } from '@playwright/test';

/** Playwright's, with a bound that is there against hangs only: the machine may be busy with other things. */
export const expect = expectOfTests.configure({ timeout: 60_000 });
