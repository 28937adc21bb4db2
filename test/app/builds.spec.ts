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
const steps = () => page.getByRole('listbox', { name: 'Steps', exact: true });
const graph = () => page.getByRole('listbox', { name: 'Graph of the steps' });
const node = (words: string | RegExp) => graph().getByRole('option', { name: words });
const side = () => page.getByRole('complementary', { name: 'Dockerfile and reasons' });
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
  await expect(dialog()).toContainText('Sends 2 files');
  await dialog().getByLabel('Image name').fill('Not A Name');
  await expect(dialog().getByRole('alert')).toBeVisible();
  await dialog().getByLabel('Image name').fill('shop:1');
  await dialog().getByRole('combobox', { name: 'Up to stage' }).click();
  await expect(page.getByRole('option', { name: 'base' })).toBeVisible();
  await page.keyboard.press('Escape');
  await dialog().getByRole('button', { name: 'VERSION' }).click();
  await dialog().getByLabel('Value').fill('7');
  // what is seldom changed is folded away, and tells its value
  await expect(dialog().getByRole('button', { name: 'Platform' })).toContainText("This computer's");
  const cacheFold = dialog().getByRole('button', { name: /^Cache/ });
  await expect(cacheFold).toHaveAccessibleName('Cache Used');
  await cacheFold.click();
  const anew = dialog().getByRole('checkbox', { name: 'Run every step anew' });
  await dialog().getByText('Run every step anew').click();
  await expect(cacheFold).toHaveAccessibleName('Cache Not used');
  await dialog().getByText('Run every step anew').click();
  await cacheFold.click();
  await expect(anew).toBeHidden();
  await faultlessInBothThemes('build-dialog');
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText(/^Built after/)).toBeVisible();
  await node(/echo version/).click();
  await expect(log()).toContainText('version 7');
  await expect(log()).toContainText('hello');
  await node(/from=base/).click();
  await expect(side()).toContainText('Begins with');
  await expect(node(/from=base/)).toHaveAccessibleName(/Done, \d.*needs step 4$/);
  await faultlessInBothThemes('build-done');
  await page.getByRole('radio', { name: 'By stage' }).click();
  await steps()
    .getByRole('option', { name: /echo version/ })
    .click();
  await expect(log()).toContainText('version 7');
  await steps()
    .getByRole('option', { name: /from=base/ })
    .click();
  await expect(side()).toContainText('Begins with');
  await inBothThemes('build-done-list');
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
  await faultlessInBothThemes('build-failed-list');
  await page.getByRole('radio', { name: 'Graph' }).click();
  await expect(node(/echo before/)).toHaveAttribute('data-state', 'failed');
  await expect(node(/echo before/).getByRole('img', { name: 'Failed' })).toBeVisible();
  await expect(log()).toContainText('broken');
  await faultlessInBothThemes('build-failed');
  await page.getByRole('button', { name: 'Show line 4' }).click();
  await expect(page.locator('[data-failed]')).toContainText('RUN echo before');
  await page.getByRole('radio', { name: 'By stage' }).click();
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
  expect(name).toMatch(/^build-[0-9a-f]{8}-before-step-4-[0-9a-f]{4}$/);
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
  const choose = (name: string, bytes: number) =>
    dialog()
      .getByLabel('Read it from a file')
      .nth(1)
      .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.alloc(bytes, 0xff) });
  await choose('id_large', 500 * 1024 + 1);
  await expect(dialog()).toContainText('id_large');
  await expect(dialog().getByText('The file is too large: 500 KB at most.')).toBeVisible();
  await expect(dialog().getByRole('button', { name: 'Build' })).toBeDisabled();
  await choose('id_key', 1000);
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
  // a short name is not torn apart
  const boxOf = (text: string) => row('cli:1').getByText(text, { exact: true }).boundingBox();
  const [name, tag] = [await boxOf('cli'), await boxOf(':1')];
  expect(Math.abs((tag?.x ?? 0) - (name?.x ?? 0) - (name?.width ?? 0))).toBeLessThan(1);
  expect(name?.width).toBeLessThan(24);
  const platform = page.getByRole('columnheader', { name: 'Platform' });
  await expect(platform).toHaveCount(0);
  await faultlessInBothThemes('builds');
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

/** Two stages that stand apart, one on the first of them that mounts files of the other, and the result. */
const lines = [
  `FROM ${sampleImage} AS base`,
  'RUN echo base > /base',
  `FROM ${sampleImage} AS fonts`,
  'COPY src /fonts',
  'FROM base AS compile',
  'ENV MODE=release',
  "RUN --mount=from=fonts,source=/fonts,target=/in printf '\\033[31mred\\033[0m \\033[1mbold\\033[0m plain\\n'; sleep 600",
  'COPY --from=fonts /fonts /fonts',
  `FROM ${sampleImage}`,
  'COPY --from=compile /base /app',
  'CMD ["cat", "/app"]',
];

test('the graph of a build that runs: stages, what each step needs, states by sign and colour, walked by the keyboard', async () => {
  writeDockerfile(lines);
  const platform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
  await opened.docker('build', '-q', '--platform', platform, '--target', 'base', folder);
  const building = opened.docker('build', '-q', '-t', 'graph:1', folder).catch((error: Error) => error);
  await expect(row('graph:1')).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Platform' })).toBeVisible();
  await row('graph:1').click();
  await page.keyboard.press('Enter');
  await page.getByRole('radio', { name: 'Graph' }).click();
  await expect(node(/--mount/)).toHaveAttribute('data-state', 'running');
  await expect(node(/--mount/).getByRole('img', { name: 'Runs' })).toBeVisible();
  await expect(node(/echo base/)).toHaveAttribute('data-state', 'cached');
  await expect(node(/echo base/).getByRole('img', { name: 'Cached' })).toBeVisible();
  await expect(node(/COPY src/).getByRole('img', { name: 'Done' })).toBeVisible();
  await expect(node(/from=compile/)).toHaveAttribute('data-state', 'waiting');
  await expect(node(/from=compile/).getByRole('img', { name: 'Waits' })).toBeVisible();
  const across = await page
    .locator('[data-edge]:not([data-edge=within])')
    .evaluateAll((all) => all.map((edge) => [edge.dataset.edge, edge.dataset.from, edge.dataset.to].join(' ')));
  expect(across.sort()).toEqual(['base 2 5', 'files 4 7', 'files 4 8', 'files 8 10']);
  await expect(node(/from=compile/)).toHaveAccessibleName(/needs step 8$/);
  // a stage stands right of what it needs
  const left = async (words: RegExp) => (await node(words).boundingBox())?.x ?? 0;
  expect(await left(/--mount/)).toBeGreaterThan(await left(/COPY src/));
  expect(await left(/from=compile/)).toBeGreaterThan(await left(/--mount/));
  await faultlessInBothThemes('build-graph');
  await graph().focus();
  const walked = [
    ['ArrowLeft', /COPY src/],
    ['ArrowRight', /--mount/],
    ['ArrowDown', /COPY --from=fonts/],
    ['ArrowRight', /from=compile/],
    ['End', /CMD/],
    ['Home', /FROM .* AS base/],
  ] as const;
  for (const [key, words] of walked) {
    await page.keyboard.press(key);
    await expect(node(words)).toHaveAttribute('aria-selected', 'true');
  }
  // where the window is narrow the graph scrolls, and what is chosen comes into view
  const resize = (width: number, height: number) =>
    opened.app.evaluate(
      ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setSize(size.width, size.height),
      { width, height },
    );
  await resize(900, 600);
  await expect.poll(() => graph().evaluate((box) => box.scrollWidth > box.clientWidth)).toBe(true);
  await page.keyboard.press('End');
  await expect(node(/CMD/)).toBeInViewport({ ratio: 1 });
  await page.keyboard.press('Home');
  await expect(node(/FROM .* AS base/)).toBeInViewport({ ratio: 1 });
  await picture(page, 'build-graph.900x600');
  await resize(1280, 800);
  await node(/--mount/).click();
  const red = log().getByText('red', { exact: true });
  await expect(log()).toContainText('red bold plain');
  const colour = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--ansi-red'));
  expect(await red.getAttribute('style')).toContain('--ansi-red');
  expect(colour).not.toBe('');
  await page.getByRole('radio', { name: 'By stage' }).click();
  await steps()
    .getByRole('option', { name: /--mount/ })
    .click();
  await expect(log().getByText('bold', { exact: true })).toHaveCSS('font-weight', '600');
  await inBothThemes('build-graph-list');
  await page.getByRole('radio', { name: 'Graph' }).click();
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(page.getByRole('listbox', { name: '步骤依赖图' })).toBeVisible();
  await inBothThemes('build-graph.zh-CN');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText(/^Stopped after/)).toBeVisible();
  await expect(node(/--mount/)).toHaveAttribute('data-state', 'cancelled');
  await building;
  await page.keyboard.press('Escape');
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
  await expect(page.getByRole('listbox', { name: '步骤依赖图' })).toBeVisible();
  await picture(page, 'build-failed.zh-CN');
  await page.getByRole('radio', { name: '按阶段' }).click();
  await expect(page.getByText('构建在此处失败')).toBeVisible();
  await picture(page, 'build-failed-list.zh-CN');
  await page.keyboard.press('r');
  await expect(page.getByRole('dialog', { name: '构建镜像' })).toBeVisible();
  await page.getByRole('button', { name: '缓存 使用' }).click();
  await picture(page, 'build-dialog.zh-CN');
  expect(opened.problems).toEqual([]);
});
