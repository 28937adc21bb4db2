import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { openStory } from './app-fixture.ts';

const opened = openStory({
  before: async (docker) => {
    await docker('load', '-i', sampleArchive());
  },
});
const { docker } = opened;
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});
const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};
const screen = () => page.locator('.xterm-rows');

test('by keys alone: a container is run, its shell opened, used, closed and left, the container removed', async () => {
  await press('Control+1', 'Control+n');
  await expect(page.getByRole('dialog', { name: 'Run a container' })).toBeVisible();
  await page.keyboard.type(sampleImage);
  await press('Tab');
  await page.keyboard.type('keys');
  await press('Tab');
  await page.keyboard.type('sleep 3600');
  await press('Control+Enter');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect.poll(() => docker('ps', '--format', '{{.Names}} {{.Command}}')).toBe('keys "sleep 3600"');
  // the run may have led to the container's page: the list is where keys choose
  await press('Control+1', 'Home', 't');
  await expect(screen()).toContainText('#');
  await page.keyboard.type('echo by-$((6*7))-keys; sleep 4711\n');
  await expect(screen()).toContainText('by-42-keys');
  await expect.poll(() => docker('top', 'keys')).toContain('sleep 4711');
  await press('Control+Shift+w');
  await expect(page.locator('[data-terminal]')).toHaveCount(0);
  await expect.poll(() => docker('top', 'keys')).not.toContain('sleep 4711');
  await press('Escape');
  await expect(page.getByRole('row', { name: /^keys, Running/ })).toBeVisible();
  await press('Home', 'Delete');
  // the safe button has the focus
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await press('Tab', 'Enter');
  await expect(page.getByRole('row', { name: /^keys, / })).toHaveCount(0);
  expect(opened.problems).toEqual([]);
});
