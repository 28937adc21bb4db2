import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { goTo, openStory, picture, seriousFaults } from './app-fixture.ts';

const opened = openStory();
const { docker } = opened;
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});

const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
const rowButton = (name: string, button: string) => row(name).getByRole('button', { name: button });

async function run(name: string, command: string): Promise<void> {
  await page.keyboard.press('Control+n');
  const dialog = page.getByRole('dialog', { name: 'Run a container' });
  await dialog.getByLabel('Image', { exact: true }).fill(sampleImage);
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  if (command) await dialog.getByLabel('Command', { exact: true }).fill(command);
  await dialog.getByRole('button', { name: /^Run/ }).click();
  await expect(dialog).toBeHidden();
}

test('an image is loaded by the file chooser', async () => {
  await goTo(page, '/images');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  await (await chooser).setFiles(sampleArchive());
  await expect(row('beluga/welcome:latest')).toBeVisible();
  await expect(row('beluga/welcome:latest')).toContainText('Not used');
});

test('an image is removed by click, and loaded again by drag and drop', async () => {
  await row('beluga/welcome').hover();
  await rowButton('beluga/welcome', 'More').click();
  await page.getByRole('menuitem', { name: /^Remove/ }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('No images yet')).toBeVisible();
  await goTo(page, '/containers');
  const bytes = readFileSync(sampleArchive()).toString('base64');
  const transfer = await page.evaluateHandle((base64) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], 'welcome.tar'));
    return data;
  }, bytes);
  await page.dispatchEvent('main', 'dragover', { dataTransfer: transfer });
  await expect(page.getByText('Drop an image archive to load it, or a folder to build it')).toBeVisible();
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
  await expect(row('beluga/welcome:latest')).toBeVisible();
  expect(await docker('images', '--format', '{{.Repository}}:{{.Tag}}')).toBe(sampleImage);
});

test('what is not an image is refused with a sentence', async () => {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  await (await chooser).setFiles({
    name: 'letter.tar',
    mimeType: 'application/x-tar',
    buffer: Buffer.from('Dear engine'),
  });
  await expect(page.getByText('letter.tar was not loaded')).toBeVisible();
  await expect(page.getByText('This is not an image archive.', { exact: false })).toBeVisible();
  await expect(row('beluga/welcome:latest')).toBeVisible();
  await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
});

test('an image is run by name and command', async () => {
  await goTo(page, '/containers');
  await run('ticker', `sh -c "trap 'exit 0' TERM; while true; do echo tick; sleep 0.2; done"`);
  await expect(row('ticker, Running')).toBeVisible();
  expect(JSON.parse(await docker('inspect', '-f', '{{json .Args}}', 'ticker'))).toEqual([
    '-c',
    "trap 'exit 0' TERM; while true; do echo tick; sleep 0.2; done",
  ]);
});

test('a command that is not there: the words of the failure, and the container stays', async () => {
  await page.keyboard.press('Control+n');
  const dialog = page.getByRole('dialog', { name: 'Run a container' });
  await dialog.getByLabel('Image', { exact: true }).fill(sampleImage);
  await dialog.getByLabel('Name', { exact: true }).fill('broken');
  await dialog.getByLabel('Command', { exact: true }).fill('no-such-command');
  await dialog.getByRole('button', { name: /^Run/ }).click();
  await expect(dialog.getByText('The image has no program “no-such-command”. Check the command.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(row('broken, Did not start')).toBeVisible();
});

test('stop, start and remove by click', async () => {
  await row('ticker').hover();
  await rowButton('ticker', 'Stop').click();
  await expect(row('ticker, Exited')).toBeVisible();
  await row('ticker').hover();
  await rowButton('ticker', 'Start').click();
  await expect(row('ticker, Running')).toBeVisible();
  await row('broken').hover();
  await rowButton('broken', 'Remove').click();
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText('Remove broken for good?');
  await question.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(row('broken')).toHaveCount(0);
  expect(await docker('ps', '-a', '--format', '{{.Names}}')).toBe('ticker');
});

test('stop, start and remove by keyboard', async () => {
  await run('keys', 'sleep 1000');
  await expect(row('keys, Running')).toBeVisible();
  await docker('kill', 'keys');
  await expect(row('keys, Ended by SIGKILL')).toBeVisible();
  await page.keyboard.press('Home');
  await expect(row('keys')).toHaveAttribute('data-cursor', 'true');
  await page.keyboard.press('s');
  await expect(row('keys, Running')).toBeVisible();
  await docker('kill', 'keys');
  await expect(row('keys, Ended by SIGKILL')).toBeVisible();
  await page.keyboard.press('Delete');
  await expect(page.getByRole('alertdialog')).toContainText('Remove keys for good?');
  await expect(page.getByRole('alertdialog').getByRole('button', { name: 'Keep' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(row('keys')).toHaveCount(0);
});

test('what the docker CLI does is seen at once', async () => {
  await docker('run', '-d', '--name', 'from-cli', sampleImage, 'sleep', '1000');
  await expect(row('from-cli, Running')).toBeVisible();
  await docker('rename', 'from-cli', 'renamed');
  await expect(row('renamed, Running')).toBeVisible();
  await docker('rm', '-f', 'renamed');
  await expect(row('renamed')).toHaveCount(0);
});

test('live logs appear while the container writes', async () => {
  const id = await docker(
    'run',
    '-d',
    '--name',
    'talker',
    sampleImage,
    'sh',
    '-c',
    'echo first; echo trouble >&2; n=0; while true; do n=$((n+1)); echo number $n; sleep 0.1; done',
  );
  await expect(row('talker, Running')).toBeVisible();
  await row('talker').dblclick();
  const log = page.getByRole('log', { name: 'Logs' });
  await expect(log).toContainText('number');
  const last = async () =>
    Math.max(0, ...[...(await log.innerText()).matchAll(/number (\d+)/g)].map((match) => Number(match[1])));
  const seen = await last();
  await expect.poll(last).toBeGreaterThan(seen + 3);
  await page.keyboard.press('/');
  await page.keyboard.type('trouble');
  await expect(page.getByText('1 line', { exact: true })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByText('1 of 1')).toBeVisible();
  await expect(log).toContainText('trouble');
  await log.press('End');
  await docker('kill', 'talker');
  await expect(page.getByText('The container ended with exit code 137.')).toBeVisible();
  expect(id).toMatch(/^[0-9a-f]{64}$/);
});

test('the health of a container is told by shape and words, in the list and on its page, in both languages', async () => {
  await goTo(page, '/containers');
  const check = ['--health-cmd', 'test -e /well', '--health-interval', '1s', '--health-retries', '1'];
  const slow = ['--health-cmd', 'true', '--health-interval', '1h'];
  const start = (name: string, ...options: string[]) =>
    docker('run', '-d', '--name', name, '--network', 'none', ...options, sampleImage, 'sleep', '10000');
  const id = await start('watched', ...check);
  await start('slow', ...slow);
  await expect(row('watched, Unhealthy')).toContainText('Unhealthy');
  await expect(row('slow, Starting')).toContainText('Starting');
  // a triangle beside the dot: not by colour alone
  await expect(row('watched').locator('svg path.fill-warning-solid')).toHaveCount(1);
  await picture(page, 'containers.health');
  await goTo(page, `/containers/${id}/logs`);
  const fact = (text: string) => page.getByText(text, { exact: true });
  await expect(fact('Unhealthy')).toBeVisible();
  await expect(page.getByText(/^Up /)).toBeVisible();
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(fact('不健康')).toBeVisible();
  await picture(page, 'container.health.zh-CN');
  await goTo(page, '/containers');
  await expect(row('watched，不健康')).toContainText('不健康');
  await picture(page, 'containers.health.zh-CN');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
  await docker('exec', 'watched', 'touch', '/well');
  // one that is well tells since when it runs
  await expect(row('watched, Healthy')).toContainText(/\d+ (s|min)/);
  await expect(row('watched')).not.toContainText('ealthy');
  await docker('pause', 'watched');
  await expect(row('watched, Paused')).toContainText('Paused');
  await docker('rm', '-f', 'watched', 'slow');
  await expect(row('watched')).toBeHidden();
});

test('notices are closed by their button', async () => {
  const notices = page.getByRole('region', { name: /^Notices/ });
  const close = notices.getByRole('button', { name: 'Close' });
  // they also go by themselves: one may do so under the pointer
  await expect(async () => {
    if ((await close.count()) > 0) await close.first().click({ timeout: 1000 });
    await expect(notices.getByRole('listitem')).toHaveCount(0, { timeout: 500 });
  }).toPass({ timeout: 30_000 });
});

for (const theme of ['light', 'dark']) {
  test(`no serious fault of accessibility, ${theme}; pictures`, async () => {
    await page.evaluate((value) => window.beluga.call('settings.set', { theme: value as 'light' | 'dark' }), theme);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    const talker = await docker('inspect', '-f', '{{.Id}}', 'talker');
    for (const [name, route] of [
      ['containers', '/containers'],
      ['images', '/images'],
      ['logs', `/containers/${talker}/logs`],
      ['settings-general', '/settings/general'],
      ['settings-engine', '/settings/engine'],
    ] as const) {
      await goTo(page, route);
      await expect(page.getByRole('heading').first()).toBeVisible();
      if (name === 'containers') await row('ticker').click();
      expect(await seriousFaults(page), name).toEqual([]);
      await picture(page, `${name}.${theme}`);
    }
    await goTo(page, '/containers');
    await page.keyboard.press('Control+n');
    await expect(page.getByRole('dialog', { name: 'Run a container' })).toBeVisible();
    expect(await seriousFaults(page), 'run dialog').toEqual([]);
    await picture(page, `run-dialog.${theme}`);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
  });
}

test('Chinese, with content', async () => {
  await page.evaluate(() => window.beluga.call('settings.set', { theme: 'light', language: 'zh-CN' }));
  await goTo(page, '/containers');
  await expect(page.getByRole('heading', { name: '容器', exact: true })).toBeVisible();
  await expect(row('ticker, 运行中').or(row('ticker'))).toBeVisible();
  await picture(page, 'containers.zh-CN');
  await goTo(page, '/images');
  await expect(page.getByRole('heading', { name: '镜像', exact: true })).toBeVisible();
  await picture(page, 'images.zh-CN');
  expect(await seriousFaults(page)).toEqual([]);
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
});

test('nothing was complained of on the console', () => {
  expect(opened.problems).toEqual([]);
});
