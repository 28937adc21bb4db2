import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import type { BelugaRegistries } from '../../engine/http/extension-types.ts';
import { makeAuthority, makeCertificate } from '../registry/certificates.ts';
import { openClient } from '../registry/client-scene.ts';
import { type Front, startFront } from '../registry/front.ts';
import { callEngine } from '../registry/mirror-scene.ts';
import { pushImage } from '../registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { tarOf } from '../sample.ts';
import {
  dockerOf,
  emptyEngine,
  givenRoots,
  goTo,
  type OpenedApp,
  openApp,
  picture,
  seriousFaults,
  untilRunning,
} from './app-fixture.ts';

// Settings > Registries and mirrors: the real app on the real engine with real registries on 127.0.0.1.

test.describe.configure({ mode: 'serial' });

let folder: string;
const htpasswd = 'robot$ci:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
/** Stands for docker.io, and the mirrors hold what it holds. */
let registry: RegistryProcess;
let secured: RegistryProcess;
let locked: RegistryProcess;
let good: Front;
let sick: Front;
let authority: string;
let opened: OpenedApp;
let page: Page;

const engine = () => ({ folders: { socket: path.join(givenRoots().runRoot, 'docker.sock') } });
const now = async () => (await callEngine(engine(), 'GET', '/beluga/registries')).body as BelugaRegistries;
const hub = async () => (await now()).settings.rules.find(({ prefix }) => prefix === 'docker.io');
const reset = () => callEngine(engine(), 'PUT', '/beluga/registries', { rules: [], insecure: [], hosts: {} });
const docker = (...args: string[]) => dockerOf(givenRoots())(...args);
const url = ({ host }: { host: string }) => `http://${host}`;
const source = (name: string) => page.getByRole('list', { name: /^Sources of/ }).getByRole('listitem', { name });
const dialog = () => page.getByRole('dialog');
const theme = (wanted: 'light' | 'dark') =>
  page.evaluate((name) => (document.documentElement.dataset.theme = name), wanted);
/** What the system's dialog will answer. */
const choose = (file: string) =>
  opened.app.evaluate(({ dialog: system }, name) => {
    system.showOpenDialog = async () => ({ canceled: false, filePaths: [name] });
  }, file);

/** The docker CLI's folder: a login in its file, and one behind a helper, which is a real program. */
function dockerConfiguration(): string {
  writeFileSync(
    path.join(folder, 'docker-credential-apptest'),
    `#!/bin/sh
read -r key || true
case "$1 $key" in
  "get ${good.host}") echo '{"ServerURL":"${good.host}","Username":"helped","Secret":"helper-secret"}';;
  list*) echo '{"${good.host}":"helped"}';;
  *) echo "credentials not found in native keychain"; exit 1;;
esac
`,
  );
  chmodSync(path.join(folder, 'docker-credential-apptest'), 0o755);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ auths: {}, credsStore: 'apptest' }));
  return folder;
}

test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-app-registries-'));
  const keys = makeAuthority(folder);
  authority = keys.cert;
  registry = await startRegistry();
  secured = await startRegistry({ tls: makeCertificate(folder, 'server', keys) });
  locked = await startRegistry({ htpasswd });
  good = await startFront(registry.host);
  sick = await startFront(registry.host);
  const client = openClient({ address: registry.host });
  const tar = await tarOf([{ name: 'file', content: Buffer.alloc(300_000, 'beluga') }]);
  await pushImage(client.at('library/alpine'), 'latest', [{ tar }], { created: '2026-01-01T00:00:00Z' });
  client[Symbol.dispose]();
  const before = { DOCKER_CONFIG: process.env.DOCKER_CONFIG, PATH: process.env.PATH };
  process.env.DOCKER_CONFIG = dockerConfiguration();
  process.env.PATH = `${folder}${path.delimiter}${before.PATH}`;
  await emptyEngine(dockerOf(givenRoots()));
  await reset();
  opened = await openApp({ roots: givenRoots(), profile: mkdtempSync(path.join(folder, 'profile-')) });
  Object.assign(process.env, { PATH: before.PATH });
  if (before.DOCKER_CONFIG === undefined) delete process.env.DOCKER_CONFIG;
  page = opened.page;
  await untilRunning(page);
});
test.afterAll(async () => {
  await opened?.close();
  await reset();
  await emptyEngine(dockerOf(givenRoots()));
  for (const one of [good, sick, registry, secured, locked]) await one?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

test('docker.io is there from the start; a mirror is added, and wrong addresses are told apart', async () => {
  await goTo(page, '/settings/registries');
  await expect(page.getByRole('heading', { name: 'docker.io' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^docker\.io/ })).toContainText('Direct');
  await page.getByRole('button', { name: 'Add mirror' }).click();
  const address = dialog().getByLabel('Address');
  for (const [wrong, words] of [
    ['https://me:secret@mirror.example', 'Sign in to the mirror instead'],
    ['ftp://mirror.example', 'begins with https://'],
    ['https://mirror.example/UPPER', 'small letters'],
    ['not an address', 'This is no address'],
  ] as const) {
    await address.fill(wrong);
    await expect(dialog().getByRole('alert')).toContainText(words);
  }
  await address.fill(url(good));
  await expect(dialog().getByRole('alert')).toHaveCount(0);
  await dialog().getByLabel('Name').fill('Near cache');
  await page.keyboard.press('Enter');
  await expect(dialog()).toBeHidden();
  await expect(source('Near cache')).toContainText(good.host);
  await expect.poll(async () => (await hub())?.mirrors).toEqual([{ url: url(good), name: 'Near cache' }]);
  expect(await docker('info', '-f', '{{json .RegistryConfig.Mirrors}}')).toContain(good.host);
  await expect(source('docker.io')).toContainText('the registry itself');
});

test('another address stands for the registry, and a pull goes by what is set without a restart', async () => {
  await source('docker.io').getByRole('button', { name: 'More for docker.io' }).click();
  await page.getByRole('menuitem', { name: 'Address of the registry' }).click();
  await dialog().getByLabel('Address').fill(url(registry));
  await dialog().getByRole('button', { name: 'Apply' }).click();
  await expect(source('docker.io')).toContainText(registry.host);
  await docker('pull', '-q', 'alpine');
  expect(good.blobBytes()).toBeGreaterThan(0);
  // the page is read anew when it is shown
  await goTo(page, '/settings/general');
  await goTo(page, '/settings/registries');
  await expect(source('Near cache')).toContainText(/served (\d+) of \1 layer/);
  await expect(source('Near cache').getByRole('img', { name: 'Works' })).toBeVisible();
});

test('a test of a mirror is explained step by step', async () => {
  await page.getByRole('button', { name: 'Test Near cache' }).click();
  const result = page.getByRole('region', { name: `Test of ${good.host}` });
  await expect(result.getByRole('status')).toContainText('Works');
  await expect(result).toContainText('Plain HTTP, nothing is encrypted');
  await expect(result).toContainText('your login was not sent');
  await expect(result).toContainText('Its alpine:latest is what docker.io has');
  await expect(result).toContainText(/[kM]B\/s/);
});

test('a sick mirror says what it is sick with and until when', async () => {
  sick.sickness = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '900' } });
  await page.getByRole('button', { name: 'Add mirror' }).click();
  await dialog().getByLabel('Address').fill(url(sick));
  await dialog().getByLabel('Name').fill('Campus mirror');
  await page.keyboard.press('Enter');
  await expect(source('Campus mirror')).toContainText('not asked yet');
  await page.getByRole('button', { name: 'Test Campus mirror' }).click();
  const result = page.getByRole('region', { name: `Test of ${sick.host}` });
  await expect(result).toContainText('429');
  await expect(result.getByRole('status')).toContainText('It refuses access');
  await result.getByRole('button', { name: 'Close' }).click();
  // a pull that asks it first passes it over from then on
  const { settings } = await now();
  const [rule] = settings.rules;
  const first = { ...settings, rules: [{ ...rule, order: 'fixed', mirrors: [...(rule?.mirrors ?? [])].reverse() }] };
  expect((await callEngine(engine(), 'PUT', '/beluga/registries', first)).status).toBe(200);
  await docker('rmi', 'alpine');
  await docker('pull', '-q', 'alpine');
  await callEngine(engine(), 'PUT', '/beluga/registries', settings);
  await goTo(page, '/settings/general');
  await goTo(page, '/settings/registries');
  await expect(source('Campus mirror')).toContainText(/429, again in \d+ min/);
  await expect(source('Campus mirror').getByRole('img', { name: 'Passed over' })).toBeVisible();
});

test('no serious fault of accessibility in either theme; pictures of both languages and of a narrow window', async () => {
  await expect(source('Near cache')).toContainText(/[kM]B\/s/);
  for (const wanted of ['light', 'dark'] as const) {
    await theme(wanted);
    expect(await seriousFaults(page)).toEqual([]);
    await picture(page, `registries-${wanted}`);
  }
  const size = (width: number, height: number) =>
    opened.app.evaluate(({ BrowserWindow }, given) => BrowserWindow.getAllWindows()[0]?.setSize(...given), [
      width,
      height,
    ] as [number, number]);
  const language = (name: 'en' | 'zh-CN') =>
    page.evaluate((language) => window.beluga.call('settings.set', { language }), name);
  await language('zh-CN');
  await expect(page.getByRole('button', { name: '添加加速器' })).toBeVisible();
  await picture(page, 'registries-zh-dark');
  await size(900, 600);
  await theme('light');
  await page.waitForFunction(() => window.innerWidth === 900);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'registries-zh-900x600');
  await language('en');
  await expect(page.getByRole('button', { name: 'Add mirror' })).toBeVisible();
  // what it is sick with is told in the narrow window as well
  await expect(
    source('Campus mirror')
      .getByText(/429, again in/)
      .first(),
  ).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(wide).toBe(false);
  await picture(page, 'registries-900x600');
  await size(1280, 800);
  await page.waitForFunction(() => window.innerWidth === 1280);
});

test('mirrors are sorted by keys and by dragging; the focus stays with the one that moves', async () => {
  const order = async () => (await hub())?.mirrors.map(({ name }) => name);
  const grip = page.getByRole('button', { name: 'Move Near cache' });
  await grip.focus();
  await page.keyboard.press('Alt+ArrowDown');
  await expect.poll(order).toEqual(['Campus mirror', 'Near cache']);
  await expect(grip).toBeFocused();
  await expect(page.getByText('Near cache is now 2 of 2')).toBeAttached();
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(order).toEqual(['Near cache', 'Campus mirror']);
  await expect(grip).toBeFocused();
  await grip.dragTo(source('Campus mirror'));
  await expect.poll(order).toEqual(['Campus mirror', 'Near cache']);
});

test('order, mirrors only, and a mirror that is switched off apply at once', async () => {
  await page.getByRole('radio', { name: 'As listed' }).click();
  await expect.poll(async () => (await hub())?.order).toBe('fixed');
  await page.getByRole('switch', { name: 'Mirrors only' }).click();
  await expect.poll(async () => (await hub())?.mirrorOnly).toBe(true);
  await expect(source('docker.io')).toContainText('never asked');
  await expect(page.getByRole('button', { name: /^docker\.io/ })).toContainText('2 mirrors only');
  await page.getByRole('switch', { name: 'Mirrors only' }).click();
  await expect.poll(async () => (await hub())?.mirrorOnly).toBe(false);
  await page.getByRole('button', { name: 'More for Campus mirror' }).click();
  await page.getByRole('menuitem', { name: 'Switch off' }).click();
  await expect(source('Campus mirror')).toContainText('Switched off');
  await expect
    .poll(async () => (await hub())?.mirrors[0])
    .toEqual({ url: url(sick), name: 'Campus mirror', off: true });
  await page.getByRole('button', { name: 'More for Campus mirror' }).click();
  await page.getByRole('menuitem', { name: 'Remove mirror' }).click();
  await expect(source('Campus mirror')).toHaveCount(0);
});

test('presets are text with a state and a day; restricted and closed ones stand behind', async () => {
  await page.getByRole('button', { name: 'From a preset' }).click();
  const items = page.getByRole('menuitem');
  await expect(items.first()).toContainText('1ms');
  const texts = await items.allTextContents();
  const at = (name: string) => texts.findIndex((text) => text.includes(name));
  expect(at('Alibaba Cloud')).toBeLessThan(at('DaoCloud'));
  expect(at('DaoCloud')).toBeLessThan(at('NetEase'));
  await expect(items.filter({ hasText: 'Shanghai Jiao Tong' })).toContainText(/Closed.*as of 2024-07-09/);
  await expect(items.filter({ hasText: 'Shanghai Jiao Tong' })).toHaveAttribute('aria-disabled', 'true');
  for (const wanted of ['light', 'dark'] as const) {
    await theme(wanted);
    expect(await seriousFaults(page)).toEqual([]);
    await picture(page, `registries-presets-${wanted}`);
  }
  await theme('light');
  await items.filter({ hasText: 'DaoCloud' }).click();
  await expect(source('DaoCloud')).toContainText('docker.m.daocloud.io');
  await expect(source('DaoCloud')).toContainText('not asked yet');
  // an address of one's own is asked for
  await page.getByRole('button', { name: 'From a preset' }).click();
  await items.filter({ hasText: 'Alibaba Cloud' }).click();
  await expect(dialog().getByLabel('Address')).toHaveAttribute('placeholder', 'https://ID.mirror.aliyuncs.com');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'More for DaoCloud' }).click();
  await page.getByRole('menuitem', { name: 'Remove mirror' }).click();
  await expect(source('DaoCloud')).toHaveCount(0);
});

test('a registry of its own: its certificate is not trusted until its authority is given', async () => {
  await page.getByRole('button', { name: 'Add registry' }).click();
  await dialog().getByLabel('Registry').fill('node');
  await expect(dialog().getByRole('alert')).toContainText('Give a registry');
  await dialog().getByLabel('Registry').fill('team.example');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'team.example' })).toBeVisible();
  await page.getByRole('button', { name: 'Add mirror' }).click();
  await dialog().getByLabel('Address').fill(secured.host.replace('127.0.0.1', 'localhost'));
  await page.keyboard.press('Enter');
  const mirror = secured.host.replace('127.0.0.1', 'localhost');
  await page.getByRole('button', { name: `More for ${mirror}` }).click();
  await page.getByRole('menuitem', { name: 'Certificates and proxy' }).click();
  await expect(page.getByRole('combobox', { name: 'Host' })).toContainText(mirror);
  const key = authority.replace(/crt$/, 'key');
  await choose(key);
  await page.getByRole('button', { name: 'Add file' }).click();
  await expect(page.getByRole('alert')).toContainText('holds no certificate');
  await choose(authority);
  await page.getByRole('button', { name: 'Add file' }).click();
  await expect(page.getByText('System store and 1 certificate')).toBeVisible();
  await expect.poll(async () => (await now()).settings.hosts[mirror]?.ca).toBe(readFileSync(authority, 'utf8'));
  await page.getByRole('button', { name: `Test ${mirror}` }).click();
  const result = page.getByRole('region', { name: `Test of ${mirror}` });
  await expect(result).toContainText(/TLS 1\.\d, certificate valid for \d days?/);
  await page.getByRole('region', { name: 'Connection' }).getByRole('button', { name: 'Remove' }).click();
  await expect.poll(async () => (await now()).settings.hosts[mirror]).toBeUndefined();
  await page.getByRole('switch', { name: /^Allow plain HTTP/ }).click();
  await expect.poll(async () => (await now()).settings.insecure).toEqual([mirror]);
  await page.getByRole('combobox', { name: 'Proxy' }).click();
  await page.getByRole('option', { name: 'Address' }).click();
  await page.getByLabel('Address of the proxy').fill('http://me:secret@proxy.example:3128');
  await expect(page.getByText('without a name and password')).toBeVisible();
  await page.getByLabel('Address of the proxy').fill('http://proxy.example:3128');
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await now()).settings.hosts[mirror]?.proxy)
    .toEqual({ url: 'http://proxy.example:3128' });
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove registry' }).click();
  await expect(page.getByRole('heading', { name: 'docker.io' })).toBeVisible();
});

test('a login is checked by its registry, goes to the engine’s memory, and never back to the page', async () => {
  await page.getByRole('button', { name: 'Add registry' }).click();
  await dialog().getByLabel('Registry').fill(locked.host);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog().getByLabel('Name').fill('robot$ci');
  await dialog().getByLabel('Password').fill('wrong-secret');
  await page.keyboard.press('Enter');
  await expect(dialog().getByRole('alert')).toContainText('401');
  await expect(dialog().getByRole('alert')).not.toContainText('wrong-secret');
  for (const wanted of ['light', 'dark'] as const) {
    await theme(wanted);
    expect(await seriousFaults(page)).toEqual([]);
    await picture(page, `registries-login-${wanted}`);
  }
  await theme('light');
  await dialog().getByLabel('Password').fill('secret');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Signed in as robot$ci')).toBeVisible();
  expect((await now()).logins).toContainEqual({ host: locked.host, username: 'robot$ci' });
  const told = await page.evaluate(() => window.beluga.call('registries.read', undefined));
  expect(JSON.stringify(told)).not.toContain('secret');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible();
  expect((await now()).logins.map(({ host }) => host)).not.toContain(locked.host);
});

test('a login that a helper of the docker CLI has is shown as such, and lent to the engine for a mirror', async () => {
  await page.getByRole('button', { name: /^docker\.io/ }).click();
  expect((await now()).logins).toContainEqual({ host: good.host, username: 'helped' });
  await page.getByRole('button', { name: 'Add registry' }).click();
  await dialog().getByLabel('Registry').fill(good.host);
  await page.keyboard.press('Enter');
  await expect(page.getByText('helped, from the docker CLI')).toBeVisible();
  const told = await page.evaluate(() => window.beluga.call('registries.read', undefined));
  expect(JSON.stringify(told)).not.toContain('helper-secret');
  expect(readFileSync(path.join(folder, 'config.json'), 'utf8')).toBe(
    JSON.stringify({ auths: {}, credsStore: 'apptest' }),
  );
});

test('another program’s configuration is told before it is taken', async () => {
  await page.getByRole('button', { name: 'Import a configuration' }).click();
  const text = JSON.stringify({ 'registry-mirrors': ['https://imported.example'], 'log-level': 'debug' });
  await dialog().getByLabel('Text of the file').fill(text);
  await dialog().getByRole('button', { name: 'Read' }).click();
  const report = dialog().getByRole('region', { name: 'Report' });
  await expect(report).toContainText('https://imported.example');
  await expect(report).toContainText('log-level');
  expect((await hub())?.mirrors.map(({ url: each }) => each)).not.toContain('https://imported.example');
  for (const wanted of ['light', 'dark'] as const) {
    await theme(wanted);
    expect(await seriousFaults(page)).toEqual([]);
    await picture(page, `registries-import-${wanted}`);
  }
  await theme('light');
  const language = (name: 'en' | 'zh-CN') =>
    page.evaluate((language) => window.beluga.call('settings.set', { language }), name);
  await language('zh-CN');
  await expect(dialog()).toContainText('它只与 dockerd 本身有关，与镜像仓库无关');
  await language('en');
  await expect(dialog()).toContainText('it is about dockerd itself, not about registries');
  await dialog().getByRole('button', { name: 'Apply' }).click();
  await expect(dialog()).toBeHidden();
  await expect.poll(async () => (await hub())?.mirrors.at(-1)?.url).toBe('https://imported.example');
  // from a file, whose name tells its format
  const file = path.join(folder, 'hosts.toml');
  writeFileSync(file, 'server = "https://quay.io"\n[host."https://quay.mirror.example"]\n');
  await choose(file);
  await page.getByRole('button', { name: 'Import a configuration' }).click();
  await dialog().getByRole('button', { name: 'Choose a file' }).click();
  await expect(dialog().getByRole('combobox', { name: 'Format' })).toContainText('hosts.toml');
  await dialog().getByLabel('Registry').fill('quay.io');
  await dialog().getByRole('button', { name: 'Read' }).click();
  await expect(report).toContainText('https://quay.mirror.example');
  await dialog().getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('button', { name: /^quay\.io/ })).toBeVisible();
  expect(opened.problems).toEqual([]);
});
