import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { goTo, openStory, picture, scratchFolder, seriousFaults } from './app-fixture.ts';

/** Made when the story begins: the file is also read where no test runs. */
let folder = '';
const dockerfile = [
  `FROM ${sampleImage} AS base`,
  'ARG VERSION=1',
  'COPY src /src',
  'RUN echo version $VERSION; echo one; echo two; cat /src/a.txt',
  `FROM ${sampleImage}`,
  'COPY --from=base /src /app',
  'CMD ["cat", "/app/a.txt"]',
];
const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
const writeDockerfile = (lines: readonly string[]) => write('Dockerfile', `${lines.join('\n')}\n`);

const opened = openStory({
  before: async (docker) => {
    folder = scratchFolder('context');
    await docker('builder', 'prune', '-f');
    await docker('load', '-i', sampleArchive());
    mkdirSync(path.join(folder, 'src'));
    mkdirSync(path.join(folder, 'node_modules'));
    writeDockerfile(dockerfile);
    write('src/a.txt', 'hello\n');
    write('node_modules/large.bin', 'x'.repeat(11_000_000));
  },
});
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});
test.afterAll(async () => {
  await opened.docker('builder', 'prune', '-f');
  rmSync(folder, { recursive: true });
});

const row = (name: string) => page.getByRole('row', { name, exact: true });
const steps = () => page.getByRole('listbox', { name: 'Steps' });
const log = () => page.getByRole('log', { name: 'Log' });
const dialog = () => page.getByRole('dialog', { name: 'Build an image' });

async function inBothThemes(name: string): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await page.evaluate((wanted) => (document.documentElement.dataset.theme = wanted), theme);
    await picture(page, `${name}.${theme}`);
  }
}

/** The same, looked at for faults as well. */
async function faultlessInBothThemes(name: string): Promise<void> {
  await inBothThemes(name);
  expect(await seriousFaults(page)).toEqual([]);
  await page.evaluate(() => (document.documentElement.dataset.theme = 'dark'));
  expect(await seriousFaults(page)).toEqual([]);
  await page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
}

/** Drops the folder in the middle of the window, as a file manager does. */
async function dropFolder(): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
  await client.detach();
}

test('a folder dropped on the window: what would be sent, stages and arguments; its build with steps, logs and the image', async () => {
  await goTo(page, '/builds');
  await expect(page.getByText('No builds yet')).toBeVisible();
  await inBothThemes('builds-empty');
  await dropFolder();
  await expect(dialog()).toContainText('node_modules');
  await dialog().getByRole('button', { name: 'Leave out' }).click();
  await expect(dialog().getByText('Not sent')).toBeVisible();
  await expect(dialog()).toContainText('2 files');
  await dialog().getByLabel('Image name').fill('Not A Name');
  await expect(dialog().getByRole('alert')).toBeVisible();
  await dialog().getByLabel('Image name').fill('shop:1');
  await dialog().getByRole('combobox', { name: 'Up to stage' }).click();
  await expect(page.getByRole('option', { name: 'base' })).toBeVisible();
  await page.keyboard.press('Escape');
  await dialog().getByRole('button', { name: 'VERSION' }).click();
  await dialog().getByLabel('Value').fill('7');
  await inBothThemes('build-dialog');
  expect(await seriousFaults(page)).toEqual([]);
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText(/^Built after/)).toBeVisible();
  await steps()
    .getByRole('option', { name: /echo version/ })
    .click();
  await expect(log()).toContainText('version 7');
  await expect(log()).toContainText('hello');
  await steps()
    .getByRole('option', { name: /from=base/ })
    .click();
  await expect(page.getByRole('complementary', { name: 'Dockerfile and reasons' })).toContainText('Begins with');
  await inBothThemes('build-done');
  await page.getByRole('radio', { name: 'Graph' }).click();
  await expect(steps().getByRole('group', { name: 'base' })).toContainText('COPY src /src');
  await expect(steps().getByRole('option', { selected: true })).toContainText('--from=base');
  await steps().focus();
  await page.keyboard.press('Home');
  await expect(steps().getByRole('option', { selected: true })).toContainText('FROM');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(log()).toContainText('version 7');
  await faultlessInBothThemes('build-graph');
  await page.getByRole('radio', { name: 'By stage' }).click();
  expect(await opened.docker('run', '--rm', '--network', 'none', 'shop:1')).toBe('hello');
  await page.getByRole('button', { name: 'Open image' }).click();
  await expect(page.getByRole('listbox', { name: 'Layers' })).toBeVisible();
});

test('run again from the list, by the keyboard: the form is as it was, and everything comes from the cache', async () => {
  await goTo(page, '/builds');
  await row('shop:1').click();
  await page.keyboard.press('Enter');
  await expect(page.getByText(/^Built after/)).toBeVisible();
  await page.keyboard.press('r');
  await expect(dialog().getByLabel('Value')).toHaveValue('7');
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText('5 of 5 steps cached, 100%')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row('shop:1')).toHaveCount(2);
});

test('a step that fails: the line is marked, its last words are shown, and the list says why', async () => {
  write('src/a.txt', 'other\n');
  writeDockerfile([...dockerfile.slice(0, 3), 'RUN echo before; echo broken >&2; exit 3']);
  await page.getByRole('row', { name: 'shop:1' }).first().hover();
  await page.getByRole('row', { name: 'shop:1' }).first().getByRole('button', { name: 'Run again' }).click();
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText('The build failed here')).toBeVisible();
  await expect(page.locator('[data-failed]')).toContainText('RUN echo before');
  await expect(log()).toContainText('broken');
  await expect(page.getByRole('alert').first()).toContainText('line 4');
  await page.getByRole('radio', { name: 'Graph' }).click();
  await expect(steps().getByRole('img', { name: 'Failed' })).toBeVisible();
  await inBothThemes('build-graph-failed');
  await page.getByRole('radio', { name: 'By stage' }).click();
  await faultlessInBothThemes('build-failed');
  await steps()
    .getByRole('option', { name: /COPY src/ })
    .click();
  await expect(page.getByText('src/a.txt changed')).toBeVisible();
  await picture(page, 'build-missed');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('row', { name: 'shop:1' }).first()).toContainText('exit code 3');
});

test('a shell on what the failed step began with, which is gone when it is stopped', async () => {
  await goTo(page, '/builds');
  await page.getByRole('row', { name: 'shop:1' }).first().click();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Shell before this step' }).click();
  const screen = page.locator('.xterm-rows');
  await expect(screen).toContainText('#');
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type('cat /src/a.txt; echo version-is-$VERSION');
  await page.keyboard.press('Enter');
  await expect(screen).toContainText('other');
  await expect(screen).toContainText('version-is-7');
  await picture(page, 'build-shell');
  const name = (await opened.docker('ps', '--filter', 'name=before-step', '--format', '{{.Names}}')).trim();
  expect(name).toMatch(/^build-[0-9a-f]{8}-before-step-4$/);
  await opened.docker('stop', '-t', '0', name);
  await expect.poll(() => opened.docker('ps', '-aq', '--filter', 'name=before-step')).toBe('');
  await goTo(page, '/builds');
});

test('secrets: a typed one and a file, which a step finds and nothing keeps', async () => {
  writeDockerfile([
    `FROM ${sampleImage}`,
    'RUN --mount=type=secret,id=token --mount=type=secret,id=key test "$(cat /run/secrets/token)" = "ünseen words" && wc -c /run/secrets/key',
  ]);
  await goTo(page, '/builds');
  await page.getByRole('row', { name: 'shop:1' }).first().hover();
  await page.getByRole('row', { name: 'shop:1' }).first().getByRole('button', { name: 'Run again' }).click();
  await dialog().getByLabel('Image name').fill('sealed:1');
  await dialog().getByRole('button', { name: 'Add a secret' }).click();
  await expect(dialog().getByRole('button', { name: 'Build' })).toBeDisabled();
  await dialog().getByLabel('Id').fill('token');
  await dialog().getByLabel('Value').last().fill('ünseen words');
  await dialog().getByRole('button', { name: 'Add a secret' }).click();
  await dialog().getByLabel('Id').nth(1).fill('token');
  await expect(dialog().getByText('Another secret has this id.').first()).toBeVisible();
  await dialog().getByLabel('Id').nth(1).fill('key');
  await dialog()
    .getByLabel('Read it from a file')
    .nth(1)
    .setInputFiles({ name: 'id_key', mimeType: 'application/octet-stream', buffer: Buffer.alloc(1000, 0xff) });
  await expect(dialog()).toContainText('id_key');
  await faultlessInBothThemes('build-secrets');
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText(/^Built after/)).toBeVisible();
  await steps().getByRole('option', { name: /RUN/ }).click();
  await expect(log()).toContainText('1000 /run/secrets/key');
  await page.keyboard.press('r');
  await expect(dialog().getByLabel('Id').first()).toHaveValue('token');
  await expect(dialog().getByLabel('Value').last()).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(dialog()).toBeHidden();
  await page.keyboard.press('Escape');
  const kept = await opened.app.evaluate(({ app }) => app.getPath('userData'));
  const found = spawnSync('grep', ['-rl', 'ünseen words', kept], { encoding: 'utf8' });
  expect([found.stdout, found.status]).toEqual(['', 1]);
});

test('a build of the docker command is followed as it runs, and stopped', async () => {
  writeDockerfile([`FROM ${sampleImage}`, 'RUN echo begun; sleep 600']);
  const building = opened.docker('build', '-q', '-t', 'cli:1', folder).catch((error: Error) => error);
  await expect(row('cli:1')).toContainText('Step 2 of 2');
  await inBothThemes('builds');
  await row('cli:1').click();
  await page.keyboard.press('Enter');
  await expect(log()).toContainText('begun');
  await inBothThemes('build-live');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText(/^Stopped after/)).toBeVisible();
  expect(String(await building)).toContain('cancelled');
  await page.keyboard.press('Delete');
  await expect(row('cli:1')).toHaveCount(0);
});

test('what cannot be read is named; the cache is cleared one by one; the page speaks Chinese', async () => {
  const granted = await page.evaluate(
    (place) => window.beluga.call('builds.folder', { folder: place, leaveOut: [] }),
    '/etc',
  );
  expect(granted).toMatchObject({ ok: false, failure: { code: 'forbidden', reason: 'build.folder-unknown' } });
  await page.getByRole('button', { name: /^Cache \d/ }).click();
  const cache = page.getByRole('dialog', { name: 'Build cache' });
  const items = cache.getByRole('listitem');
  const before = await items.count();
  await expect(items.filter({ hasText: 'COPY src /src' }).first()).toBeVisible();
  await inBothThemes('build-cache');
  await items.filter({ hasText: 'COPY src /src' }).first().getByRole('button').click();
  await expect(items).toHaveCount(before - 1);
  await page.keyboard.press('Escape');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(page.getByRole('heading', { name: '构建' })).toBeVisible();
  await picture(page, 'builds.zh-CN');
  await page.getByRole('row', { name: 'shop:1' }).first().click();
  await page.keyboard.press('Enter');
  await expect(page.getByText('构建在此处失败')).toBeVisible();
  await picture(page, 'build-failed.zh-CN');
  expect(opened.problems).toEqual([]);
});
