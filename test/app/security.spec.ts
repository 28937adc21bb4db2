import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { givenRoots, goTo, type OpenedApp, openApp, untilRunning } from './app-fixture.ts';

// Items of Electron's security checklist that need the real app; docs/security.md says where each is tested.

let opened: OpenedApp;
test.beforeAll(async () => {
  opened = await openApp({ roots: givenRoots() });
  await untilRunning(opened.page);
});
test.afterAll(() => opened.close());

test('nothing is loaded but what the app serves, even by a page without a policy', async () => {
  const { app, page } = opened;
  expect(await page.evaluate(() => window.location.protocol)).toBe('app:');
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.end('<title>elsewhere</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const addresses = [
    `http://127.0.0.1:${port}/`,
    'https://example.org/',
    'file:///etc/passwd',
    'data:text/html,x',
    'app://beluga/index.html',
  ];
  try {
    const outcomes = await app.evaluate(async ({ BrowserWindow }, all) => {
      const found: string[] = [];
      for (const address of all) {
        const window = new BrowserWindow({ show: false });
        found.push(
          await window.loadURL(address).then(
            () => 'loaded',
            (error: Error & { code?: string }) => error.code ?? error.message,
          ),
        );
        window.destroy();
      }
      return found;
    }, addresses);
    expect(outcomes).toEqual([...Array(4).fill('ERR_BLOCKED_BY_CLIENT'), 'loaded']);
    expect(requests).toBe(0);
  } finally {
    server.close();
  }
});

test('the window has none of the switches that open it up', async () => {
  const preferences = await opened.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    return contents.getLastWebPreferences();
  });
  expect(preferences).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
  });
  expect(preferences.nodeIntegrationInWorker ?? false).toBe(false);
  expect(preferences.enableBlinkFeatures ?? '').toBe('');
  const switches = await opened.app.evaluate(({ app }) =>
    [
      'disable-web-security',
      'allow-running-insecure-content',
      'enable-blink-features',
      'ignore-certificate-errors',
    ].filter((name) => app.commandLine.hasSwitch(name)),
  );
  expect(switches).toEqual([]);
});

test('every window is sandboxed, also one that does not ask for it', async () => {
  const { app } = opened;
  const globals = await app.evaluate(async ({ BrowserWindow }) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: { sandbox: false, nodeIntegration: true, contextIsolation: false },
    });
    await window.loadURL('app://beluga/index.html');
    const found = await window.webContents.executeJavaScript('[typeof require, typeof process]');
    window.destroy();
    return found;
  });
  expect(globals).toEqual(['undefined', 'undefined']);
});

test('a page gets no permission but to write to the clipboard', async () => {
  const states = await opened.page.evaluate(async () => {
    const names = ['geolocation', 'camera', 'microphone', 'notifications', 'midi', 'clipboard-read', 'clipboard-write'];
    const asked = names.map(async (name) => [
      name,
      (await navigator.permissions.query({ name: name as PermissionName })).state,
    ]);
    return Object.fromEntries(await Promise.all(asked)) as Record<string, string>;
  });
  expect(states).toEqual({
    geolocation: 'denied',
    camera: 'denied',
    microphone: 'denied',
    notifications: 'denied',
    midi: 'denied',
    'clipboard-read': 'denied',
    'clipboard-write': 'granted',
  });
  const camera = await opened.page.evaluate(() =>
    navigator.mediaDevices.getUserMedia({ video: true }).then(
      () => 'given',
      (error: Error) => error.name,
    ),
  );
  expect(camera).not.toBe('given');
});

test('no webview comes to be, not even where the tag is allowed', async () => {
  const { app, page } = opened;
  const before = await app.evaluate(({ webContents }) => webContents.getAllWebContents().length);
  const methods = await page.evaluate(() => {
    const view = document.createElement('webview');
    view.setAttribute('allowpopups', '');
    view.setAttribute('src', 'app://beluga/index.html');
    document.body.append(view);
    const found = typeof (view as { loadURL?: unknown }).loadURL;
    view.remove();
    return found;
  });
  expect(methods).toBe('undefined');
  expect(await app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(before);
  const prevented = await app.evaluate(async ({ BrowserWindow }) => {
    const window = new BrowserWindow({ show: false, webPreferences: { webviewTag: true } });
    await window.loadURL('app://beluga/index.html');
    const asked = new Promise<boolean>((resolve) =>
      window.webContents.once('will-attach-webview', (event) => resolve(event.defaultPrevented)),
    );
    await window.webContents.executeJavaScript(`
      const view = document.createElement('webview');
      view.setAttribute('allowpopups', '');
      view.setAttribute('nodeintegration', '');
      view.setAttribute('src', 'app://beluga/index.html');
      document.body.append(view);
      undefined`);
    const answer = await asked;
    window.destroy();
    return answer;
  });
  expect(prevented).toBe(true);
});

test('an inner frame is refused, or has nothing of ours', async () => {
  const bridge = await opened.page.evaluate(async () => {
    const frame = document.createElement('iframe');
    frame.src = '/index.html';
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    document.body.append(frame);
    await loaded;
    let found = 'another origin';
    try {
      found = typeof (frame.contentWindow as { beluga?: unknown } | null)?.beluga;
    } catch {
      // an error page in place of ours
    }
    frame.remove();
    return found;
  });
  expect(['undefined', 'another origin']).toContain(bridge);
});

test('messages of another window are refused, even of our page with our preload script', async () => {
  const { app } = opened;
  const answers = await app.evaluate(async ({ app: main, BrowserWindow }) => {
    const preload = `${main.getAppPath()}/dist/electron/preload.cjs`;
    const window = new BrowserWindow({ show: false, webPreferences: { preload } });
    await window.loadURL('app://beluga/index.html');
    const said = await window.webContents.executeJavaScript(
      `Promise.all([beluga.call('app.info'), beluga.open('host.watch'), beluga.duplex('images.load')])`,
    );
    window.destroy();
    return said as { ok: boolean; failure?: { code: string } }[];
  });
  expect(answers.map(({ ok, failure }) => [ok, failure?.code])).toEqual([
    [false, 'forbidden'],
    [false, 'forbidden'],
    [false, 'forbidden'],
  ]);
});

test('terminals take nothing but what the contract says', async () => {
  const codes = await opened.page.evaluate(async () => {
    const size = { columns: 80, rows: 24 };
    const bridge = window.beluga as unknown as {
      duplex(name: string, arg: unknown): Promise<{ ok: boolean; failure?: { code: string } }>;
    };
    const answers = await Promise.all([
      bridge.duplex('terminals.host', { terminal: 't-1', command: ['sh', '-c', 'id'], ...size }),
      bridge.duplex('terminals.host', { terminal: 't-1', cwd: '/', ...size }),
      bridge.duplex('terminals.shell', { terminal: 't-1', id: '../../images', command: ['sh'], ...size }),
      bridge.duplex('terminals.shell', { terminal: 't-1', id: 'web', command: ['sh'], privileged: true, ...size }),
      bridge.duplex('terminals.attach', { terminal: 't-1', id: 'web', columns: 80, rows: 1e9 }),
    ]);
    return answers.map(({ ok, failure }) => (ok ? 'taken' : failure?.code));
  });
  expect(codes).toEqual(Array(5).fill('invalid'));
});

test('terminals end with the page that opened them', async () => {
  const { page } = opened;
  await goTo(page, '/terminal');
  await expect(page.locator('.xterm-rows')).toContainText(/[$#]/);
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type('echo shell=$$=\n');
  await expect(page.locator('.xterm-rows')).toContainText(/shell=\d+=/);
  const pid = Number(/shell=(\d+)=/.exec((await page.locator('.xterm-rows').textContent()) ?? '')?.[1]);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  await page.reload();
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
});

test('the page has three functions of ours and nothing of Electron', async () => {
  const shape = await opened.page.evaluate(async () => {
    const bridge = window.beluga as unknown as Record<string, unknown>;
    const answer = await window.beluga.call('app.info', undefined);
    return {
      functions: Object.entries(bridge).map(([name, value]) => `${name}: ${typeof value}`),
      frozen: Object.isFrozen(bridge),
      answer: Object.keys(answer).sort(),
      globals: ['ipcRenderer', 'contextBridge', 'electron', 'webFrame'].filter((name) => name in window),
    };
  });
  expect(shape).toEqual({
    functions: ['call: function', 'open: function', 'duplex: function'],
    frozen: true,
    answer: ['ok', 'value'],
    globals: [],
  });
});
