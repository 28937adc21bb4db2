import { rmSync } from 'node:fs';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { dockerOf, emptyEngine, givenRoots, goTo, openApp, scratchFolder, untilRunning } from './app-fixture.ts';

// one story: each test finds what the one before has left running
test.describe.configure({ mode: 'serial' });

/** A click that may end the app before Playwright has seen it through. */
const clickAndLeave = (button: Locator) => button.click().catch(() => {});

const docker = (...args: string[]) => dockerOf(givenRoots())(...args);
let profile: string;
test.beforeAll(async () => {
  await emptyEngine(dockerOf(givenRoots()));
  await docker('load', '-i', sampleArchive());
  await docker('run', '-d', '--name', 'stays', sampleImage);
  profile = scratchFolder('profile');
});
test.afterAll(async () => {
  await emptyEngine(dockerOf(givenRoots()));
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** Presses the keys that quit; the app may end before Playwright has seen it through. */
const pressQuit = (page: Page) => page.keyboard.press('Control+q').catch(() => {});

test('closing the window keeps containers without a question, whatever quitting does', async () => {
  const { app, page } = await openApp({ roots: givenRoots(), settings: { onQuit: 'stop' } });
  await untilRunning(page);
  await expect(page.getByRole('row', { name: /^stays, Running/ })).toBeVisible();
  const ended = app.waitForEvent('close');
  await clickAndLeave(page.getByRole('button', { name: 'Close window' }));
  await ended;
  expect(await docker('ps', '--format', '{{.Names}}')).toBe('stays');
});

test('quitting asks once what becomes of running containers, and remembers the answer', async () => {
  const first = await openApp({ roots: givenRoots(), profile });
  await untilRunning(first.page);
  await expect(first.page.getByRole('row', { name: /^stays, Running/ })).toBeVisible();
  const question = first.page.getByRole('alertdialog');
  await pressQuit(first.page);
  await expect(question).toContainText('Quit while 1 container runs?');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(question).toBeHidden();
  await first.app.evaluate(({ app }) => app.quit());
  await expect(question.getByRole('checkbox', { name: 'Remember my choice' })).toBeChecked();
  const ended = first.app.waitForEvent('close');
  await clickAndLeave(question.getByRole('button', { name: 'Keep running' }));
  await ended;
  expect(await docker('ps', '--format', '{{.Names}}')).toBe('stays');

  const second = await openApp({ roots: givenRoots(), profile });
  await untilRunning(second.page);
  await goTo(second.page, '/settings/general');
  await expect(second.page.getByRole('combobox', { name: 'When Beluga quits' })).toHaveText('Keep containers running');
  const again = second.app.waitForEvent('close');
  await clickAndLeave(second.page.getByRole('button', { name: 'Quit' }));
  await again;
  expect(await docker('ps', '--format', '{{.Names}}')).toBe('stays');
});

test('“stop all” stops the containers before the app ends', async () => {
  const opened = await openApp({ roots: givenRoots() });
  await untilRunning(opened.page);
  await expect(opened.page.getByRole('row', { name: /^stays, Running/ })).toBeVisible();
  await pressQuit(opened.page);
  const ended = opened.app.waitForEvent('close', { timeout: 60_000 });
  await clickAndLeave(opened.page.getByRole('alertdialog').getByRole('button', { name: 'Stop all' }));
  await ended;
  expect(await docker('ps', '-q')).toBe('');
  expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'stays')).toBe('0');
});
