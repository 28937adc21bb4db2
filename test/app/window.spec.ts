import { expect, test } from '@playwright/test';
import {
  dockerOf,
  emptyEngine,
  givenRoots,
  goTo,
  type OpenedApp,
  openApp,
  picture,
  seriousFaults,
  statusOf,
  untilRunning,
} from './app-fixture.ts';

let opened: OpenedApp;
test.beforeAll(async () => {
  await emptyEngine(dockerOf(givenRoots()));
  opened = await openApp({ roots: givenRoots() });
  await untilRunning(opened.page);
});
test.afterAll(() => opened.close());

test('the window shows the version of the engine, which it has by IPC', async () => {
  const { page } = opened;
  const server = JSON.parse(await dockerOf(givenRoots())('version', '--format', '{{json .Server}}'));
  await goTo(page, '/settings/engine');
  await expect(page.getByText(`${server.Version}, API ${server.ApiVersion}`)).toBeVisible();
  await expect(page.getByText(givenRoots().dataRoot, { exact: true })).toBeVisible();
  expect(await page.title()).toContain('Beluga');
});

test('empty pages say what to do', async () => {
  const { page } = opened;
  await goTo(page, '/containers');
  await expect(page.getByText('No containers yet')).toBeVisible();
  await goTo(page, '/images');
  await expect(page.getByText('No images yet')).toBeVisible();
  expect(await seriousFaults(page)).toEqual([]);
});

test('sections change by keyboard', async () => {
  const { page } = opened;
  for (const [key, title] of [
    ['1', 'Containers'],
    ['2', 'Images'],
    ['3', 'Builds'],
    ['5', 'Settings'],
  ] as const) {
    await page.keyboard.press(`Control+${key}`);
    await expect(page.getByRole('heading', { name: title, exact: true })).toBeVisible();
    await expect(page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: title })).toHaveAttribute(
      'aria-current',
      'page',
    );
  }
});

test('the language changes while the app runs', async () => {
  const { page } = opened;
  await goTo(page, '/settings/general');
  await page.getByRole('combobox', { name: 'Language' }).click();
  await page.getByRole('option', { name: '简体中文' }).click();
  await expect(page.getByRole('heading', { name: '设置', exact: true })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  for (const [name, route] of [
    ['empty-containers', '/containers'],
    ['empty-images', '/images'],
    ['settings-general', '/settings/general'],
    ['settings-engine', '/settings/engine'],
  ] as const) {
    await goTo(page, route);
    await expect(page.getByRole('heading').first()).toBeVisible();
    expect(await seriousFaults(page), name).toEqual([]);
    await picture(page, `${name}.zh-CN`);
  }
  await goTo(page, '/settings/general');
  await page.getByRole('combobox', { name: '语言' }).click();
  await page.getByRole('option', { name: 'English' }).click();
  await expect(page.getByRole('heading', { name: 'Settings', exact: true })).toBeVisible();
});

test('the list of keys is whole, and stays so when the language changes', async () => {
  const { page } = opened;
  await goTo(page, '/containers');
  await page.keyboard.press('?');
  const lines = page.getByRole('dialog').locator('dl > div');
  await expect(lines.filter({ hasText: /^Terminal/ })).toHaveText(['TerminalCtrl4', 'TerminalT']);
  const count = await lines.count();
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(page.getByRole('dialog', { name: '快捷键' })).toBeVisible();
  await expect(lines).toHaveCount(count);
  await expect(lines.filter({ hasText: 'Terminal' })).toHaveCount(0);
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
});

test('the page is shut in: no Node, isolated, sandboxed', async () => {
  const { app, page } = opened;
  const there = await page.evaluate(() => {
    const all = globalThis as Record<string, unknown>;
    return ['require', 'process', 'module', 'Buffer', 'global', 'electron', '__dirname'].filter(
      (name) => all[name] !== undefined,
    );
  });
  expect(there).toEqual([]);
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    const { contextIsolation, sandbox, nodeIntegration, webSecurity } = contents.getLastWebPreferences();
    return { contextIsolation, sandbox, nodeIntegration, webSecurity };
  });
  expect(preferences).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false });
  expect(preferences.webSecurity).not.toBe(false);
  const renderer = await app.evaluate(
    ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0,
  );
  // Chromium's own sandbox: a seccomp filter, which root without sandbox has not
  expect(statusOf(renderer, 'Seccomp')).toBe('2');
  expect(statusOf(app.process().pid ?? 0, 'Seccomp')).not.toBe('2');
});

test('the content security policy is sent, and it holds', async () => {
  const { page } = opened;
  const policy = await page.evaluate(async () => (await fetch('/index.html')).headers.get('content-security-policy'));
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('unsafe-eval');
  const tried = await page.evaluate(async () => {
    const outcome: Record<string, string> = {};
    // in a task of the page's own: the debugger's evaluation is exempt
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        try {
          outcome.eval = String(new Function('return "ran"')());
        } catch (error) {
          outcome.eval = (error as Error).name;
        }
        resolve();
      });
    });
    const script = document.createElement('script');
    script.textContent = 'window.inlineRan = true';
    document.body.append(script);
    script.remove();
    outcome.inline = String((window as { inlineRan?: boolean }).inlineRan);
    outcome.fetch = await fetch('https://example.org/').then(
      () => 'went',
      () => 'refused',
    );
    return outcome;
  });
  expect(tried).toEqual({ eval: 'EvalError', inline: 'undefined', fetch: 'refused' });
});

test('main refuses what is not in the contract', async () => {
  const { page } = opened;
  const answers = await page.evaluate(async () => {
    const bridge = window.beluga as unknown as Record<
      'call' | 'open' | 'duplex',
      (name: unknown, arg?: unknown) => Promise<{ ok: boolean; failure?: { code: string; message: string } }>
    >;
    const asked = {
      unknown: bridge.call('containers.explode', { id: 'abc' }),
      prototype: bridge.call('__proto__', undefined),
      inherited: bridge.call('toString', undefined),
      notText: bridge.call({ name: 'app.info' }, undefined),
      streamAsCall: bridge.call('host.watch', undefined),
      callAsStream: bridge.open('containers.start', { id: 'abc' }),
      path: bridge.call('containers.start', { id: '../images/json' }),
      number: bridge.call('containers.start', { id: 5 }),
      more: bridge.call('containers.start', { id: 'abc', more: true }),
      nothing: bridge.call('containers.start', undefined),
      setting: bridge.call('settings.set', { theme: 'purple' }),
      negative: bridge.open('containers.logs', { id: 'abc', follow: true, tail: -1 }),
      fine: bridge.call('app.info', undefined),
    };
    const answered = await Promise.all(
      Object.entries(asked).map(async ([name, answer]) => [name, await answer] as const),
    );
    return Object.fromEntries(answered.map(([name, { ok, failure }]) => [name, { ok, code: failure?.code }]));
  });
  const { fine, ...refused } = answers;
  expect(fine?.ok).toBe(true);
  for (const [name, answer] of Object.entries(refused)) {
    expect(answer.ok, name).toBe(false);
    expect(['invalid', 'not-found', 'not-implemented'], name).toContain(answer.code);
  }
});

test('nothing was complained of on the console but what the tests provoked', () => {
  expect(
    opened.problems.filter(
      (problem) => !/Content Security Policy|Not allowed to load local resource|example\.org/.test(problem),
    ),
  ).toEqual([]);
});

test('it goes nowhere else and opens nothing', async () => {
  const { app, page } = opened;
  const address = () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(({ webContents }) => webContents.getURL()));
  const before = await address();
  expect(await page.evaluate(() => window.open('https://example.org/'))).toBeNull();
  expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied');
  // Playwright waits for these navigations for ever, so nothing may follow that goes through it
  await page.evaluate(() => {
    (window as { mark?: boolean }).mark = true;
    const link = document.createElement('a');
    link.href = 'file:///etc/passwd';
    document.body.append(link);
    link.click();
    link.remove();
    window.location.href = 'https://example.org/';
  });
  const marked = () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('window.mark'));
  expect(await marked()).toBe(true);
  expect(await address()).toEqual(before);
});
