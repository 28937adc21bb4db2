import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { type KoaScene, openKoaScene, page as served } from '../koa/koa-scene.ts';
import { ruleFor, settingsOf } from '../registry/registry-door.ts';
import { freePort } from '../registry/registry-process.ts';
import { goTo, openStory, picture } from './app-fixture.ts';
import { askEngine } from './registry-story.ts';

let scene: KoaScene;
let port: number;
const opened = openStory({
  before: async (docker) => {
    await docker('builder', 'prune', '-af');
    scene = await openKoaScene(docker);
    port = await freePort();
    const rule = ruleFor('docker.io', [], { upstream: `http://${scene.registry.host}` });
    await askEngine('PUT', '/beluga/registries', settingsOf(rule));
  },
});
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});
test.afterAll(async () => {
  await askEngine('PUT', '/beluga/registries', { rules: [], insecure: [], hosts: {} });
  await opened.docker('builder', 'prune', '-af');
  await scene?.[Symbol.asyncDispose]();
});

const dialog = () => page.getByRole('dialog', { name: 'Build an image' });
const screen = () => page.locator('.xterm-rows');
const type = async (line: string) => {
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
};

test('a project dropped on the window becomes an image on node of the Hub', async () => {
  await goTo(page, '/builds');
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [scene.folder], dragOperationsMask: 1 };
  for (const event of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', { type: event, x: 600, y: 400, data });
  await client.detach();
  await dialog().getByLabel('Image name').fill('koa-server-image');
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText(/^Built after/)).toBeVisible({ timeout: 80_000 });
  await page.getByRole('listbox', { name: 'Steps' }).getByRole('option', { name: /npm i/ }).click();
  await expect(page.getByRole('log', { name: 'Log' })).toContainText(/added \d+ packages/);
  await picture(page, 'koa-built');
});

test('it runs at a terminal of the app; its port is a link, and the page is there', async () => {
  await goTo(page, '/terminal');
  await type(`docker container run -p ${port}:3000 --name koa -it koa-server-image /bin/bash`);
  await expect(screen()).toContainText(/bash-5[^#]*#|root@[^#]*#|[^$]# ?$/);
  await type('node app.js');
  await expect(screen()).toContainText('listening on 3000');
  await opened.app.evaluate(({ shell }) => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    shell.openExternal = async (url) => void seen.push(url);
  });
  await goTo(page, '/containers');
  await page
    .getByRole('row', { name: /^koa,/ })
    .getByRole('link', { name: String(port) })
    .click();
  const seen = () => opened.app.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  await expect.poll(seen).toEqual([`http://127.0.0.1:${port}/`]);
  const [address = ''] = await seen();
  expect(await (await fetch(address)).text()).toBe(served);
  await picture(page, 'koa-running');
});

test('Ctrl-C ends the server, Ctrl-D the shell; another file of the project is a step that is made again, and said so', async () => {
  await goTo(page, '/terminal');
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+c');
  await expect(screen()).toContainText('^C');
  await page.keyboard.press('Control+d');
  await expect.poll(() => opened.docker('inspect', '-f', '{{.State.Status}}', 'koa')).toContain('exited');
  appendFileSync(path.join(scene.folder, 'app.js'), '// changed\n');
  await goTo(page, '/builds');
  await page.getByRole('row', { name: 'koa-server-image', exact: true }).hover();
  await page
    .getByRole('row', { name: 'koa-server-image', exact: true })
    .getByRole('button', { name: 'Run again' })
    .click();
  await expect(dialog()).toBeVisible();
  await dialog().getByRole('button', { name: 'Build' }).click();
  await expect(page.getByText(/^Built after/)).toBeVisible({ timeout: 80_000 });
  await page
    .getByRole('listbox', { name: 'Steps' })
    .getByRole('option', { name: /COPY \. \/app/ })
    .click();
  await expect(page.getByRole('complementary', { name: 'Dockerfile and reasons' })).toContainText('app.js changed');
});
