import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { openStory, picture, scratchFolder, seriousFaults } from './app-fixture.ts';

let folder: string;
let server: Server;
/** Of a program that is not a container. */
let takenPort: number;
const opened = openStory({
  before: async (docker) => {
    await docker('load', '-i', sampleArchive());
  },
});
const { docker } = opened;
let page: Page;
const dialog = () => page.getByRole('dialog', { name: 'Run a container' });
const field = (name: string) => dialog().getByLabel(name, { exact: true });
const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name},`) });

test.beforeAll(async () => {
  folder = scratchFolder('shared');
  // the engine mounts it as root, the server inside may be anyone
  chmodSync(folder, 0o755);
  writeFileSync(path.join(folder, 'index.html'), 'from the folder\n');
  server = createServer((_, response) => response.end('mine'));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  takenPort = (server.address() as AddressInfo).port;
  page = opened.page;
});
test.afterAll(async () => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function openDialog(name: string, command: string): Promise<void> {
  await page.keyboard.press('Control+n');
  await field('Image').fill(sampleImage);
  await field('Name').fill(name);
  await field('Command').fill(command);
}

async function choose(label: string, option: string): Promise<void> {
  await dialog().getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

test('a port that a program has: its name and pid, and the next free one by a button', async () => {
  await openDialog('web', 'httpd -f -p 80 -h /site');
  await dialog().getByRole('button', { name: 'Add port' }).click();
  await field('Port of this computer').fill(String(takenPort));
  await field('Port of the container').fill('80');
  await expect(dialog().getByText(`(process ${process.pid})`)).toBeVisible();
  await expect(dialog().getByRole('button', { name: /^Run/ })).toBeDisabled();
  await dialog()
    .getByRole('button', { name: /^Use \d+$/ })
    .click();
  await expect(dialog().getByText(/is taken/)).toHaveCount(0);
  expect(Number(await field('Port of this computer').inputValue())).toBeGreaterThan(takenPort);
});

test('the rest of the form: environment by paste, folder, memory, restart; copied as docker run', async () => {
  await dialog().getByRole('button', { name: 'Add variable' }).click();
  await field('Name of the variable').evaluate((input) => {
    const data = new DataTransfer();
    data.setData('text/plain', '# two\nTZ=Europe/Berlin\nGREETING="a b"\n');
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(field('Value').nth(1)).toHaveValue('a b');
  await dialog().getByRole('button', { name: 'Add folder or volume' }).click();
  await opened.app.evaluate(({ dialog: system }, chosen) => {
    system.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
  }, folder);
  await dialog().getByRole('button', { name: 'Choose a folder' }).click();
  await expect(field('Folder or volume')).toHaveValue(folder);
  await field('Path in the container').fill('/site');
  await choose('Access', 'Read only');
  // a volume, by its name; a path that is none is told
  await dialog().getByRole('button', { name: 'Add folder or volume' }).click();
  await field('Folder or volume').nth(1).fill('site/data');
  await field('Path in the container').nth(1).fill('/data');
  await expect(dialog().getByText('or the name of a volume.')).toBeVisible();
  await field('Folder or volume').nth(1).fill('site-data');
  await expect(dialog().getByText('or the name of a volume.')).toHaveCount(0);
  // the sign tells which it is
  await expect(field('Folder or volume').locator('..').locator('svg.lucide-database')).toHaveCount(1);
  await dialog()
    .getByRole('button', { name: /^Restart/ })
    .click();
  await choose('Policy', 'When it fails');
  await field('Tries at most').fill('3');
  await expect(dialog().getByRole('button', { name: /^Restart/ })).toContainText('When it fails, 3 times at most');
  await dialog()
    .getByRole('button', { name: /^Folders in memory/ })
    .click();
  await dialog().getByRole('button', { name: 'Add folder in memory' }).click();
  await field('Folder in memory').fill('/scratch');
  await field('Size at most').fill('16');
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate((value) => window.beluga.call('settings.set', { theme: value }), theme);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    expect(await seriousFaults(page), theme).toEqual([]);
    await picture(page, `run-form.${theme}`);
  }
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(page.getByRole('button', { name: '添加文件夹或数据卷' })).toBeVisible();
  await picture(page, 'run-form.zh-CN');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
  await dialog().getByRole('button', { name: 'Copy as docker run' }).click();
  const host = await field('Port of this computer').inputValue();
  await expect(page.getByText(`docker run -d --name web -p ${host}:80 -e TZ=Europe/Berlin`)).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(dialog()).toBeHidden();
  await expect(row('web')).toContainText(host);
});

test('what runs is what was asked for, and answers on its port', async () => {
  const [inspected] = JSON.parse(await docker('inspect', 'web'));
  expect(inspected.Config.Env).toEqual(expect.arrayContaining(['TZ=Europe/Berlin', 'GREETING=a b']));
  expect(inspected.HostConfig.RestartPolicy).toEqual({ Name: 'on-failure', MaximumRetryCount: 3 });
  expect(inspected.HostConfig.Tmpfs).toEqual({ '/scratch': `size=${16 * 1024 * 1024}` });
  expect(inspected.Mounts).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ Type: 'bind', Source: folder, Destination: '/site', RW: false }),
      expect.objectContaining({ Type: 'volume', Name: 'site-data', Destination: '/data', RW: true }),
    ]),
  );
  const port = inspected.NetworkSettings.Ports['80/tcp'][0].HostPort;
  await expect
    .poll(() => fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text(), String))
    .toBe('from the folder\n');
});

test('a port is a link to the system’s browser, by click and by key; any other address is refused', async () => {
  const port = JSON.parse(await docker('inspect', 'web'))[0].NetworkSettings.Ports['80/tcp'][0].HostPort;
  await opened.app.evaluate(({ shell }) => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    shell.openExternal = async (url) => void seen.push(url);
  });
  const seen = () => opened.app.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  await row('web').getByRole('link', { name: port }).click();
  await expect.poll(seen).toEqual([`http://127.0.0.1:${port}/`]);
  await page.keyboard.press('Home');
  await page.keyboard.press('o');
  await expect.poll(async () => (await seen()).length).toBe(2);
  for (const url of [`http://localhost:${takenPort}`, `http://example.com:${port}`, 'file:///etc/passwd']) {
    const answer = await page.evaluate((address) => window.beluga.call('ports.open', { url: address }), url);
    expect([url, answer.ok]).toEqual([url, false]);
  }
  expect((await seen()).length).toBe(2);
});

test('a port of another container is told by its name', async () => {
  const port = JSON.parse(await docker('inspect', 'web'))[0].NetworkSettings.Ports['80/tcp'][0].HostPort;
  await openDialog('second', 'sleep 1000');
  await dialog().getByRole('button', { name: 'Add port' }).click();
  await field('Port of this computer').fill(port);
  await field('Port of the container').fill('80');
  await expect(dialog().getByText(`Port ${port} is taken by the container web.`)).toBeVisible();
  await picture(page, 'run-port-taken.dark');
  await page.keyboard.press('Escape');
  await expect(dialog()).toBeHidden();
});

test('a start that finds its port taken is mended by the button of the notice', async () => {
  await docker('create', '--name', 'late', '-p', `${takenPort}:80`, sampleImage, 'sleep', '1000');
  await row('late').hover();
  await row('late').getByRole('button', { name: 'Start' }).click();
  const notice = page.getByRole('alert').filter({ hasText: 'late did not start' });
  await expect(notice).toContainText(`(process ${process.pid})`);
  await picture(page, 'port-notice.dark');
  // it stays until it is closed, and speaks the language that is shown
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(page.getByRole('alert').filter({ hasText: 'late 未能启动' })).toContainText('已被');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
  await notice.getByRole('button', { name: /^Use \d+$/ }).click();
  await expect(page.getByRole('row', { name: 'late, Running' })).toBeVisible();
  const bound = JSON.parse(await docker('inspect', 'late'))[0].HostConfig.PortBindings['80/tcp'][0].HostPort;
  expect(Number(bound)).toBeGreaterThan(takenPort);
  expect((await docker('ps', '-a', '--format', '{{.Names}}')).split('\n').sort()).toEqual(['late', 'web']);
});

test('several are paused, resumed and killed; what the CLI does is seen', async () => {
  await docker('pause', 'web');
  await expect(page.getByRole('row', { name: 'web, Paused' })).toBeVisible();
  await docker('unpause', 'web');
  await expect(page.getByRole('row', { name: 'web, Running' })).toBeVisible();
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+a');
  const bar = page.getByRole('toolbar', { name: 'Selected containers' });
  const pick = async (entry: string) => {
    await bar.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: entry }).click();
  };
  await pick('Pause');
  for (const name of ['web', 'late']) await expect(page.getByRole('row', { name: `${name}, Paused` })).toBeVisible();
  await picture(page, 'containers-selection.dark');
  await pick('Resume');
  for (const name of ['web', 'late']) await expect(page.getByRole('row', { name: `${name}, Running` })).toBeVisible();
  await pick('Kill');
  await expect(page.getByRole('row', { name: 'late, Ended by SIGKILL' })).toBeVisible();
  expect(await seriousFaults(page)).toEqual([]);
});

test('what the image exposes is offered as ports; udp ports are words, tcp ports are links', async () => {
  const empty = path.join(folder, 'empty.tar');
  writeFileSync(empty, Buffer.alloc(1024));
  await docker('import', '-c', 'EXPOSE 8080/tcp 5300/udp', empty, 'exposing:1');
  await page.keyboard.press('Control+n');
  await field('Image').fill('exposing:1');
  await expect(dialog().getByText('The image exposes 5300/udp, 8080/tcp')).toBeVisible();
  const add = dialog().getByRole('button', { name: 'Add port' });
  for (const _ of [1, 2]) await add.click();
  const inside = dialog().getByLabel('Port of the container', { exact: true });
  await expect(inside).toHaveCount(2);
  expect([await inside.nth(0).inputValue(), await inside.nth(1).inputValue()].sort()).toEqual(['5300', '8080']);
  await page.keyboard.press('Escape');
  await docker('run', '-d', '--name', 'both', '-p', '0:80/tcp', '-p', '0:53/udp', sampleImage, 'sleep', '1000');
  const port = async (inner: string) => (await docker('port', 'both', inner)).split('\n')[0]?.split(':').at(-1) ?? '';
  const cell = row('both').getByRole('gridcell').filter({ hasText: '/udp' });
  await expect(cell).toContainText(`${await port('53/udp')}:53/udp`);
  await expect(cell.getByRole('link')).toHaveCount(1);
  await expect(cell.getByRole('link')).toHaveText(await port('80/tcp'));
  await docker('rm', '-f', 'both');
});

test('Chinese', async () => {
  await page.evaluate(() => window.beluga.call('settings.set', { theme: 'light', language: 'zh-CN' }));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+n');
  const form = page.getByRole('dialog', { name: '运行容器' });
  await form.getByRole('button', { name: '添加端口' }).click();
  await form.getByLabel('本机端口').fill(String(takenPort));
  await form.getByLabel('容器端口').fill('80');
  await expect(form.getByText(`（进程 ${process.pid}）`)).toBeVisible();
  await picture(page, 'run-form.zh-CN');
  expect(opened.problems).toEqual([]);
});
