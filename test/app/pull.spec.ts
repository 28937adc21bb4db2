import { expect, type Locator, type Page, test } from '@playwright/test';
import { givenRoots, goTo, openApp, openStory, picture, scratchFolder, seriousFaults } from './app-fixture.ts';
import { askEngine, type RegistryStory, startRegistryStory, useMirrors } from './registry-story.ts';

let story: RegistryStory;
const opened = openStory({
  before: async (docker) => {
    story = await startRegistryStory(docker);
    await useMirrors(story, []);
  },
});
const { docker } = opened;
let page: Page;
const dialog = () => page.getByRole('dialog', { name: 'Pull an image' });
const field = () => dialog().getByRole('combobox', { name: 'Name of the image' });
const row = (name: string) => page.getByRole('row', { name, exact: true });
const strip = () => page.getByRole('region', { name: 'Under way' });

test.beforeAll(() => {
  page = opened.page;
});
test.afterAll(() => story?.close());
test.beforeEach(() => {
  for (const front of [story.upstream, story.mirror]) {
    front.speed = 0;
    front.sickness = () => undefined;
  }
});

async function openDialog(text: string): Promise<void> {
  await goTo(page, '/images');
  await page.locator('main > header').getByRole('button', { name: 'Pull', exact: true }).click();
  await field().fill(text);
}

async function inBothThemes(name: string): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await page.evaluate((wanted) => (document.documentElement.dataset.theme = wanted), theme);
    expect(await seriousFaults(page)).toEqual([]);
    await picture(page, `${name}.${theme}`);
  }
}

const layersOf = (block: Locator) => block.getByRole('list', { name: /^Layers of/ }).getByRole('listitem');

test('a name is completed, its tags come from the registry, and the keyboard is enough', async () => {
  await openDialog('team/wel');
  await expect(dialog().getByRole('option', { name: 'team/welcome', exact: true })).toBeVisible();
  await expect(dialog().getByText('complete')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(field()).toHaveValue('team/welcome');
  const tags = dialog().getByRole('listbox', { name: 'Tags of team/welcome' });
  await expect(tags.getByRole('option')).toHaveText(['latest', '2', '1']);
  await inBothThemes('pull-dialog');
  await tags.focus();
  await page.keyboard.press('ArrowDown');
  await expect(field()).toHaveValue('team/welcome:2');
  await page.keyboard.press('Control+Enter');
  await expect(dialog().getByText('Pulled team/welcome:2')).toBeVisible();
  await inBothThemes('pull-done');
  await dialog().getByRole('button', { name: 'Close' }).last().click();
  await expect(row('team/welcome:2')).toContainText('amd64');
});

test('layers come with their source; a pull is paused, goes on, and goes on without its dialog', async () => {
  story.upstream.speed = 250_000;
  await openDialog('team/big:2');
  await field().press('Enter');
  await expect(layersOf(dialog())).toHaveCount(1);
  await expect(layersOf(dialog()).first()).toContainText(/Downloading \d+%/);
  await expect(layersOf(dialog()).first()).toContainText(story.upstream.host);
  await expect(layersOf(dialog()).first()).toContainText(/[kM]B\/s/);
  await expect(dialog().getByText(/ left$/)).toBeVisible();
  await inBothThemes('pull-running');
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await expect(dialog().getByText(/^Paused, /)).toBeVisible();
  const sent = story.upstream.blobBytes();
  await page.waitForTimeout(500);
  expect(story.upstream.blobBytes() - sent).toBeLessThan(200_000);
  await dialog().getByRole('button', { name: 'Resume' }).click();
  await expect(layersOf(dialog()).first()).toContainText(/Resumed, \d+%|Downloading \d+%/);
  await page.keyboard.press('Escape');
  await expect(dialog()).toBeHidden();
  await expect(strip().getByText('team/big')).toBeVisible();
  await inBothThemes('images-pulling');
  story.upstream.speed = 0;
  await expect(page.getByText('Pulled team/big:2')).toBeVisible({ timeout: 60_000 });
  await expect(strip()).toHaveCount(0);
  await expect(row('team/big:2')).toBeVisible();
});

test('who opens the window again finds the pull going on', async () => {
  story.upstream.speed = 250_000;
  await openDialog('team/big:1');
  await field().press('Enter');
  await expect(layersOf(dialog()).first()).toContainText(/Downloading/);
  await page.reload();
  await goTo(page, '/images');
  await expect(strip().getByText('team/big')).toBeVisible();
  await strip().getByRole('button', { name: 'Cancel the pull' }).click();
  await expect(strip()).toHaveCount(0);
  expect(await docker('images', '-q', 'team/big:1')).toBe('');
});

test('another process of the app finds the pull going on, and holds it', async () => {
  story.upstream.speed = 250_000;
  await openDialog('team/big:1');
  await field().press('Enter');
  await expect(layersOf(dialog()).first()).toContainText(/Downloading|Resumed/);
  await page.keyboard.press('Escape');
  const other = await openApp({ roots: givenRoots(), profile: scratchFolder('other-app') });
  try {
    await goTo(other.page, '/images');
    const theirs = other.page.getByRole('region', { name: 'Under way' });
    await expect(theirs.getByText('team/big')).toBeVisible();
    await theirs.getByRole('button', { name: 'Pause' }).click();
    await expect(strip().getByText(/^Paused/)).toBeVisible();
  } finally {
    await other.close();
  }
  // its end changes nothing
  await expect(strip().getByText(/^Paused/)).toBeVisible();
  await strip().getByRole('button', { name: 'Cancel the pull' }).click();
  await expect(strip()).toHaveCount(0);
});

test('a mirror that breaks off in the middle: the rest comes from the registry, and that is told', async () => {
  await docker('rmi', 'team/big:2');
  await useMirrors(story, [story.mirror.host]);
  story.mirror.sickness = ({ path }) => (path.includes('/blobs/') ? { kind: 'cut', after: 3_000_000 } : undefined);
  await openDialog('team/big:2');
  await field().press('Enter');
  await expect(dialog().getByText('Pulled team/big:2')).toBeVisible({ timeout: 60_000 });
  const served = dialog().locator('dl', { hasText: 'Served by' }).locator('dd');
  await expect(served).toHaveText([
    new RegExp(`^${story.mirror.host}.*MB$`),
    new RegExp(`^${story.upstream.host}.*MB$`),
  ]);
  await picture(page, 'pull-two-sources');
  await page.keyboard.press('Escape');
});

test('a tag that only a mirror speaks for is marked, in the dialog, in the list and on its page', async () => {
  story.mirror.sickness = () => undefined;
  await docker('rmi', 'team/welcome:1').catch(() => '');
  await useMirrors({ ...story, upstream: { ...story.upstream, host: '127.0.0.1:1' } }, [story.mirror.host]);
  // the mirror was sick a moment ago, and is asked again all the same: there is nobody else
  await openDialog('team/welcome:1');
  await page.keyboard.press('Control+Enter');
  await expect(dialog().getByText('Pulled team/welcome:1')).toBeVisible({ timeout: 60_000 });
  await expect(dialog().getByText(`only ${story.mirror.host} says that the tag means this image`)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row('team/welcome:1')).toContainText('Tag not verified');
  await useMirrors(story, [story.mirror.host]);
  await docker('pull', '-q', 'team/welcome:1');
  await expect(row('team/welcome:1')).not.toContainText('Tag not verified');
  await docker('rmi', 'team/welcome:1');
});

test('a failure names everyone who was asked, in this order, with a way on', async () => {
  await openDialog('team/nothing:9');
  await field().press('Enter');
  await expect(dialog().getByRole('alert')).toBeVisible();
  const asked = dialog().getByRole('list', { name: 'Asked, in this order' }).getByRole('listitem');
  await expect(asked.filter({ hasText: story.upstream.host })).toContainText(['404']);
  await expect(asked.filter({ hasText: story.upstream.host }).first()).toContainText('the registry itself');
  await inBothThemes('pull-failed');
  await dialog().getByRole('button', { name: 'Copy report' }).click();
  const report = await opened.app.evaluate(({ clipboard }) => clipboard.readText());
  expect(report).toContain('pull team/nothing:9: failed');
  expect(report).toContain(story.upstream.host);
  await dialog().getByRole('button', { name: 'Use another name' }).click();
  await expect(field()).toHaveValue('team/nothing:9');
  await page.keyboard.press('Escape');
  await expect(strip().getByText('team/nothing:9 was not pulled')).toBeVisible();
  await strip().getByRole('button', { name: 'Dismiss' }).click();
  await expect(strip()).toHaveCount(0);
});

test('an image that is missing is pulled in the run dialog, and runs', async () => {
  await docker('rmi', 'team/welcome:2');
  await useMirrors(story, []);
  story.upstream.speed = 400_000;
  await goTo(page, '/containers');
  await page.keyboard.press('Control+n');
  const run = page.getByRole('dialog', { name: 'Run a container' });
  await run.getByLabel('Image', { exact: true }).fill('team/welcome:1');
  await expect(run.getByText('team/welcome:1 is not on this computer. It is pulled first.')).toBeVisible();
  await run.getByLabel('Name', { exact: true }).fill('pulled');
  await run.getByLabel('Command', { exact: true }).fill('sleep 3600');
  await run.getByRole('button', { name: /^Run/ }).click();
  await expect(layersOf(run).first()).toContainText(/Downloading/);
  await inBothThemes('run-pulling');
  story.upstream.speed = 0;
  await expect(run).toBeHidden({ timeout: 60_000 });
  await expect(page.getByRole('row', { name: /^pulled/ })).toContainText('team/welcome:1');
  await docker('rm', '-f', 'pulled');
});

test('a missing image that cannot be pulled says so in the run dialog', async () => {
  await page.keyboard.press('Control+n');
  const run = page.getByRole('dialog', { name: 'Run a container' });
  await run.getByLabel('Image', { exact: true }).fill('team/nothing:1');
  await run.getByRole('button', { name: /^Run/ }).click();
  await expect(run.getByRole('list', { name: 'Asked, in this order' })).toContainText('404');
  await picture(page, 'run-pull-failed');
  await page.keyboard.press('Escape');
});

test('narrow and in Chinese', async () => {
  await opened.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(900, 600));
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await goTo(page, '/images');
  await page.locator('main > header').getByRole('button', { name: '拉取', exact: true }).click();
  const chinese = page.getByRole('dialog', { name: '拉取镜像' });
  await chinese.getByRole('combobox', { name: '镜像名称' }).fill('team/welcome:');
  await expect(chinese.getByRole('option', { name: '2', exact: true })).toBeVisible();
  const fits = await chinese.evaluate((element) => element.getBoundingClientRect().bottom <= window.innerHeight);
  expect(fits).toBe(true);
  await picture(page, 'pull-dialog.zh-CN.900x600');
  story.upstream.speed = 250_000;
  await chinese.getByRole('combobox', { name: '镜像名称' }).fill('team/big:1');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/下载中 \d+%|已续传/).first()).toBeVisible();
  await picture(page, 'pull-running.zh-CN.900x600');
  await page.keyboard.press('Escape');
  await picture(page, 'images-pulling.zh-CN.900x600');
  await page.getByRole('button', { name: '取消拉取' }).click();
  await expect.poll(async () => JSON.stringify(await askEngine('GET', '/beluga/transfers'))).not.toContain('running');
  expect(opened.problems).toEqual([]);
});
