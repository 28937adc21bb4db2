import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage, tarOf } from '../sample.ts';
import { goTo, openStory, picture, scratchFolder, seriousFaults } from './app-fixture.ts';
import { type RegistryStory, startRegistryStory } from './registry-story.ts';

let story: RegistryStory;
const folder = scratchFolder('saved');
const opened = openStory({
  before: async (docker) => {
    story = await startRegistryStory(docker);
    await docker('load', '-i', sampleArchive());
    await docker('tag', sampleImage, 'team/web:1.2');
    await docker('tag', sampleImage, 'team/web:1.10');
    await docker('run', '-d', '--name', 'shop', '--network', 'none', 'team/web:1.2', 'sleep', '3600');
  },
});
const { docker } = opened;
let page: Page;
const row = (name: string) => page.getByRole('row', { name, exact: true });
const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });

test.beforeAll(() => {
  page = opened.page;
});
test.afterAll(async () => {
  await story?.close();
  rmSync(folder, { recursive: true });
});

async function inBothThemes(name: string): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await page.evaluate((wanted) => (document.documentElement.dataset.theme = wanted), theme);
    expect(await seriousFaults(page)).toEqual([]);
    await picture(page, `${name}.${theme}`);
  }
}

/** The system's dialog answers so from now on. */
async function chooseFile(file: string | undefined): Promise<void> {
  await opened.app.evaluate(({ dialog: system }, chosen) => {
    system.showSaveDialog = async () => ({ canceled: chosen === null, filePath: chosen ?? '' });
  }, file ?? null);
}

async function menu(name: string, entry: string): Promise<void> {
  await row(name).hover();
  await row(name).getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: entry }).click();
}

test('tags stand under their repository, with platform, size and who uses them; they fold by keyboard', async () => {
  await goTo(page, '/images');
  await expect(row('team/web')).toContainText('2 tags');
  await expect(row('team/web:1.10')).toContainText('shop');
  await expect(row('team/web:1.10')).toContainText('amd64');
  await expect(row('team/web:1.10')).toContainText('1.99 MB');
  const names = page.getByRole('row').filter({ has: page.getByRole('gridcell') });
  await expect(names.nth(1)).toHaveAttribute('aria-label', 'team/web');
  await expect(names.nth(2)).toHaveAttribute('aria-label', 'team/web:1.2');
  await inBothThemes('images');
  await row('team/web').click();
  await page.keyboard.press('ArrowLeft');
  await expect(row('team/web:1.2')).toHaveCount(0);
  await page.keyboard.press('ArrowRight');
  await expect(row('team/web:1.2')).toBeVisible();
  await page.getByRole('button', { name: /^Not used/ }).click();
  await expect(page.getByText('Every image is in use')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByPlaceholder('Name, tag, digest').fill('1.10');
  await expect(row('team/web')).toHaveCount(0);
  await expect(row('team/web:1.10')).toBeVisible();
  await page.getByPlaceholder('Name, tag, digest').fill('');
});

test('an image by itself: its layers with their commands, configuration, history and users', async () => {
  await row('team/web:1.2').click();
  await page.keyboard.press('Enter');
  const layers = page.getByRole('listbox', { name: 'Layers' });
  await expect(layers.getByRole('option').first()).toBeVisible();
  await layers.focus();
  await page.keyboard.press('End');
  const panel = page.getByRole('complementary', { name: 'Chosen step' });
  await expect(panel).toContainText(/Layer of step|without files/);
  await page.keyboard.press('Home');
  const [diffId] = JSON.parse(await docker('inspect', '-f', '{{json .RootFS.Layers}}', sampleImage));
  await expect(panel).toContainText(diffId);
  await inBothThemes('image-layers');
  for (const [tab, seen] of [
    ['Config', 'PATH'],
    ['History', 'busybox-static'],
    ['Used by', 'shop'],
  ] as const) {
    await page.getByRole('navigation', { name: 'Parts of the image' }).getByRole('link', { name: tab }).click();
    await expect(page.getByRole('main')).toContainText(seen);
    await inBothThemes(`image-${tab.toLowerCase().replace(' ', '-')}`);
  }
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Images', exact: true })).toBeVisible();
});

test('a further name, and a push under the name of a registry with its layers', async () => {
  await menu('team/web:1.2', 'Tag');
  await dialog(/^Name for/)
    .getByLabel('New name')
    .fill('Not A Name');
  await expect(dialog(/^Name for/).getByRole('alert')).toContainText('not a name');
  await dialog(/^Name for/)
    .getByLabel('New name')
    .fill(`${story.registry.host}/team/new:7`);
  await page.keyboard.press('Enter');
  await expect(row(`${story.registry.host}/team/new:7`)).toBeVisible();
  await row(`${story.registry.host}/team/new:7`).hover();
  await row(`${story.registry.host}/team/new:7`).getByRole('button', { name: 'Push' }).click();
  await inBothThemes('push-dialog');
  await dialog(/^Push /)
    .getByRole('button', { name: 'Push' })
    .click();
  await expect(dialog('Push an image').getByText(`Pushed ${story.registry.host}/team/new:7`)).toBeVisible();
  await expect(dialog('Push an image').getByRole('listitem').first()).toContainText(/Done|Already there/);
  await picture(page, 'push-done');
  await page.keyboard.press('Escape');
  const pushed = await fetch(`http://${story.registry.host}/v2/team/new/tags/list`);
  expect(await pushed.json()).toEqual({ name: 'team/new', tags: ['7'] });
});

test('a push that is refused says by whom', async () => {
  await menu('team/web:1.2', 'Push');
  await dialog(/^Push team/)
    .getByLabel('To')
    .fill('127.0.0.1:1/team/web:1');
  await page.keyboard.press('Enter');
  await expect(dialog('Push an image').getByRole('alert')).toContainText('127.0.0.1:1');
  await picture(page, 'push-failed');
  await page.keyboard.press('Escape');
  await page.getByRole('region', { name: 'Under way' }).getByRole('button', { name: 'Dismiss' }).click();
  await docker('rmi', '127.0.0.1:1/team/web:1');
});

test('several are saved into one file, which the docker CLI loads', async () => {
  const file = path.join(folder, 'both.tar');
  await chooseFile(file);
  for (const name of ['team/web:1.2', 'team/web:1.10']) {
    await row(name).hover();
    await row(name).getByRole('button', { name: 'Select' }).click();
  }
  const bar = page.getByRole('toolbar', { name: 'Selected images' });
  await expect(bar).toContainText('2 selected');
  await bar.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').filter({ hasText: /^Saved/ })).toContainText(file);
  expect(statSync(file).size).toBeGreaterThan(100_000);
  expect(existsSync(`${file}.part`)).toBe(false);
  expect(await docker('load', '-i', file)).toContain('team/web:1.10');
  expect(readFileSync(file).subarray(257, 262).toString()).toBe('ustar');
  await page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
});

test('a save that is not wanted, or cannot be written, leaves nothing', async () => {
  await chooseFile(undefined);
  await menu('team/web:1.2', 'Save');
  await expect(page.getByRole('region', { name: 'Under way' })).toHaveCount(0);
  const nowhere = path.join(folder, 'not', 'there.tar');
  await chooseFile(nowhere);
  await menu('team/web:1.2', 'Save');
  await expect(page.getByRole('alert').filter({ hasText: 'It was not saved' })).toBeVisible();
  await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
});

test('cleaning up tells first what goes and how much is then free', async () => {
  await docker('import', await noiseArchive(), 'team/old:1');
  await expect(row('team/old:1')).toBeVisible();
  await page.getByRole('button', { name: 'Clean up' }).click();
  const clean = dialog('Clean up images');
  await expect(clean.getByText('Nothing to remove.')).toBeVisible();
  await clean.getByRole('combobox', { name: 'What' }).click();
  await page.getByRole('option', { name: 'Everything that no container uses' }).click();
  await expect(clean.getByRole('listitem')).toHaveText([/^team\/old:1/]);
  await inBothThemes('prune-dialog');
  await clean.getByRole('button', { name: /^Free \d/ }).click();
  await expect(page.getByText(/^Freed \d/)).toBeVisible();
  await expect(row('team/old:1')).toHaveCount(0);
  expect(await docker('images', '-q', 'team/old')).toBe('');
});

test('names are removed together; an image in use says so, with the way on', async () => {
  await row('team/web:1.10').click();
  await page.keyboard.press('Delete');
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText('Only this name goes');
  await question.getByRole('button', { name: 'Remove' }).click();
  await expect(row('team/web:1.10')).toHaveCount(0);
  expect(opened.problems).toEqual([]);
});

/** An archive of noise for `docker import`. */
async function noiseArchive(): Promise<string> {
  const file = path.join(folder, 'noise.tar');
  writeFileSync(file, await tarOf([{ name: 'noise', content: randomBytes(1 << 20) }]));
  return file;
}
