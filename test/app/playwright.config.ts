import { defineConfig } from '@playwright/test';

/** One window at a time: the tests share the display, and most of them one engine. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  timeout: 90_000,
  expect: { timeout: 20_000 },
  workers: 1,
  reporter: 'list',
});
