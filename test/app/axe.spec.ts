import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { goTo, openStory, seriousFaults } from './app-fixture.ts';

let running: string;
let stopped: string;
const opened = openStory({
  before: async (docker) => {
    await docker('load', '-i', sampleArchive());
    const noisy = 'echo out; echo trouble >&2; sleep 3600';
    running = await docker('run', '-d', '--name', 'runs', '-p', '0:80', sampleImage, 'sh', '-c', noisy);
    stopped = await docker('create', '--name', 'stands', sampleImage);
  },
});

/** What is shown at each address when it is all there. */
const screens: readonly (readonly [string, () => string, (page: Page) => Promise<void>])[] = [
  ['containers', () => '/containers', (page) => expect(page.getByRole('row', { name: /^runs/ })).toContainText('%')],
  ['images', () => '/images', (page) => expect(page.getByRole('row').nth(1)).toBeVisible()],
  ['logs', () => `/containers/${running}/logs`, (page) => expect(page.getByRole('log')).toContainText('trouble')],
  ['stats', () => `/containers/${running}/stats`, (page) => expect(page.locator('canvas')).toHaveCount(5)],
  ['inspect', () => `/containers/${running}/inspect`, (page) => expect(page.getByRole('tree')).toContainText('Id')],
  [
    'terminal',
    () => `/containers/${running}/terminal`,
    (page) => expect(page.locator('.xterm-rows')).toContainText('#'),
  ],
  ['logs of none', () => `/containers/${stopped}/logs`, (page) => expect(page.getByRole('main')).toBeVisible()],
  ['stats of none', () => `/containers/${stopped}/stats`, (page) => expect(page.getByText('Start')).not.toHaveCount(0)],
  ['host terminal', () => '/terminal', (page) => expect(page.locator('.xterm-rows')).toContainText(/[$#]/)],
  ['settings', () => '/settings/general', (page) => expect(page.getByRole('combobox')).not.toHaveCount(0)],
  ['engine', () => '/settings/engine', (page) => expect(page.getByText(/, API 1\./)).toBeVisible()],
];

for (const [name, route, ready] of screens)
  test(`no serious fault of accessibility, light and dark: ${name}`, async () => {
    const { page } = opened;
    await goTo(page, route());
    await ready(page);
    for (const theme of ['light', 'dark'] as const) {
      await page.evaluate((wanted) => (document.documentElement.dataset.theme = wanted), theme);
      expect(await seriousFaults(page)).toEqual([]);
    }
  });

test('no serious fault of accessibility, light and dark: dialogs', async () => {
  const { page } = opened;
  await goTo(page, '/containers');
  for (const keys of ['Control+n', '?']) {
    await page.locator('[role=grid]').focus();
    await page.keyboard.press(keys);
    await expect(page.getByRole('dialog')).toBeVisible();
    for (const theme of ['light', 'dark'] as const) {
      await page.evaluate((wanted) => (document.documentElement.dataset.theme = wanted), theme);
      expect(await seriousFaults(page)).toEqual([]);
    }
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }
  expect(opened.problems).toEqual([]);
});
