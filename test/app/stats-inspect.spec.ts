import { expect, type Locator, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { goTo, openStory, picture, seriousFaults } from './app-fixture.ts';

let busy: string;
const opened = openStory({
  before: async (docker) => {
    await docker('load', '-i', sampleArchive());
    const limits = ['--cpus', '0.5', '--memory', '64m', '--label', 'beluga.test/health=fine', '-e', 'SECRET=swordfish'];
    const script = 'while true; do n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done; echo $n > /tmp/n; sleep 0.1; done';
    busy = await docker('run', '-d', '--name', 'busy', ...limits, sampleImage, 'sh', '-c', script);
  },
});
const { docker } = opened;
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});

const chart = (name: string) => page.getByRole('region', { name, exact: true });
const tree = () => page.getByRole('tree', { name: 'Inspect' });
const line = (name: string | RegExp) => tree().getByRole('treeitem', { name });

/** How many pixels of a chart's lines have a colour, to within what antialiasing leaves. */
const inked = (name: string, [red, green, blue]: readonly [number, number, number]) =>
  chart(name)
    .locator('canvas')
    .evaluate(
      (canvas: HTMLCanvasElement, colour) => {
        const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
          const near = colour.every((part, index) => Math.abs((data[at + index] ?? 0) - part) < 6);
          if (near && (data[at + 3] ?? 0) > 200) count += 1;
        }
        return count;
      },
      [red, green, blue],
    );

test('charts of a busy container: figures, limits, lines', async () => {
  await goTo(page, `/containers/${busy}/stats`);
  await expect(chart('CPU')).toContainText('Limit 50%');
  await expect(chart('Memory')).toContainText('Limit 67.1 MB');
  await expect(chart('Memory')).toContainText(/[\d.]+ [kM]B[\d.]+% of the 67.1 MB limit/);
  await expect(chart('Network')).toContainText(/\dk?B\/s in/);
  await expect(chart('Processes')).toContainText(/1process or thread|2processes and threads/);
  const percent = async () => Number(/([\d.]+)%of/.exec((await chart('CPU').textContent()) ?? '')?.[1] ?? -1);
  await expect.poll(percent).toBeGreaterThan(3);
  expect(await percent()).toBeLessThan(90);
  await expect.poll(() => inked('CPU', [0x17, 0x6a, 0x94])).toBeGreaterThan(20);
});

test('one crosshair for all charts, by pointer and by keyboard', async () => {
  await expect.poll(() => inked('Memory', [0x17, 0x6a, 0x94])).toBeGreaterThan(20);
  const area = await chart('CPU').locator('canvas').boundingBox();
  if (!area) throw new Error('the chart has no place');
  await page.mouse.move(area.x + area.width - 3, area.y + area.height / 2);
  await expect(page.getByTestId('crosshair')).toHaveCount(5);
  await page.mouse.move(5, 5);
  await expect(page.getByTestId('crosshair')).toHaveCount(0);
  await page.getByRole('group', { name: /^Charts/ }).press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByTestId('crosshair')).toHaveCount(5);
  const times = await page.getByRole('region').locator('header').allTextContents();
  const clocks = new Set(times.flatMap((text) => /\d\d:\d\d:\d\d/.exec(text) ?? []));
  expect(clocks.size).toBe(1);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('crosshair')).toHaveCount(0);
  await expect(chart('CPU')).toBeVisible();
});

test('another tab and back: range and samples are kept', async () => {
  await page.getByRole('button', { name: '1 min', exact: true }).click();
  const left = Date.now();
  await page.getByRole('link', { name: 'Logs' }).click();
  await expect(chart('CPU')).toHaveCount(0);
  await page.getByRole('link', { name: 'Stats' }).click();
  await expect(page.getByRole('button', { name: '1 min', exact: true })).toHaveAttribute('aria-pressed', 'true');
  const charts = page.getByRole('group', { name: /^Charts/ });
  await charts.focus();
  for (let count = 0; count < 8; count += 1) await charts.press('ArrowLeft');
  const told = /\d\d:\d\d:\d\d/.exec((await chart('CPU').locator('header').textContent()) ?? '')?.[0] ?? '';
  const [hours = 0, minutes = 0, seconds = 0] = told.split(':').map(Number);
  const at = new Date(left).setHours(hours, minutes, seconds, 0);
  expect(at).toBeLessThan(left);
  await page.keyboard.press('Escape');
});

test('a new limit is seen; a container that stops keeps its charts, and one that never ran says what to do', async () => {
  await docker('update', '--cpus', '0.8', 'busy');
  await expect(chart('CPU')).toContainText('Limit 80%');
  await docker('kill', 'busy');
  await expect(page.getByText('The container does not run. The charts go on when it does.')).toBeVisible();
  await expect(chart('CPU')).toBeVisible();
  // no sample comes any more: it is the event that is followed
  await docker('update', '--cpus', '0.6', '--memory', '32m', '--memory-swap', '32m', 'busy');
  await expect(chart('CPU')).toContainText('Limit 60%');
  await expect(chart('Memory')).toContainText('Limit 33.6 MB');
  const idle = await docker('create', '--name', 'idle', '--network', 'none', sampleImage, 'sleep', '1000');
  await goTo(page, `/containers/${idle}/stats`);
  await expect(page.getByText('The charts start when it runs.')).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: 'Start' }).last().click();
  await expect(chart('CPU')).toBeVisible();
  await expect(chart('Network')).toContainText('It has no network of its own to count.');
  await docker('rm', '-f', 'idle');
  await docker('start', 'busy');
  await goTo(page, `/containers/${busy}/stats`);
  await expect(page.getByText('Kept for 10 minutes', { exact: false })).toBeVisible();
});

test('inspect: a search counts, steps, folds, and shows secrets as Docker does', async () => {
  await goTo(page, `/containers/${busy}/inspect`);
  await expect(line(/^State/)).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('/');
  await page.keyboard.type('SWORDFISH');
  await expect(page.getByText('1 match', { exact: true })).toBeVisible();
  await expect(line(/SECRET=swordfish/)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByText('1 of 1', { exact: true })).toBeVisible();
  await expect(line(/SECRET=swordfish/)).toHaveAttribute('aria-selected', 'true');
  const panel = page.getByRole('complementary', { name: 'The chosen line' });
  await expect(panel).toContainText('"SECRET=swordfish"');
  await expect(panel).toContainText(/\{\{index \.Config\.Env \d\}\}/);
  await page.keyboard.press('Escape');
  await expect(line(/SECRET=swordfish/)).toHaveCount(0);
  expect(await tree().getByRole('treeitem').count()).toBeGreaterThan(10);
});

test('inspect: the chosen line stands clear of the edge, and a long command keeps its end', async () => {
  await tree().focus();
  await page.keyboard.press('Home');
  for (let line = 0; line < 40; line += 1) await page.keyboard.press('ArrowDown');
  const bottomOf = async (what: Locator) => {
    const box = await what.boundingBox();
    return box ? box.y + box.height : Number.NaN;
  };
  const chosen = tree().getByRole('treeitem', { selected: true });
  await expect.poll(async () => (await bottomOf(tree())) - (await bottomOf(chosen))).toBe(8);
  const panel = page.getByRole('complementary', { name: 'The chosen line' });
  const place = await panel.boundingBox();
  const end = await panel
    .getByTitle(/^docker inspect/)
    .getByText(' busy', { exact: true })
    .boundingBox();
  expect((end?.x ?? 0) + (end?.width ?? 0)).toBeLessThan((place?.x ?? 0) + (place?.width ?? 0) - 16);
  await page.keyboard.press('Home');
});

test('inspect: arrow keys move and fold; what changes comes without losing a fold', async () => {
  await tree().focus();
  await page.keyboard.press('Home');
  await expect(line(/^Id/)).toHaveAttribute('aria-selected', 'true');
  await line(/^State/).click();
  await page.keyboard.press('ArrowLeft');
  await expect(line(/^State/)).toHaveAttribute('aria-expanded', 'false');
  await docker('rename', 'busy', 'busier');
  await docker('update', '--cpus', '0.5', 'busier');
  await expect(line(/^Name\s*"\/busier"/)).toBeVisible();
  await expect(line(/^State/)).toHaveAttribute('aria-expanded', 'false');
  await expect(line(/^State/)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(line(/^Status/)).toHaveAttribute('aria-selected', 'true');
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  const copied = await opened.app.evaluate(({ clipboard }) => clipboard.readText());
  expect(JSON.parse(copied)).toMatchObject({ Id: busy, Name: '/busier', HostConfig: { NanoCpus: 500_000_000 } });
});

for (const theme of ['light', 'dark'] as const) {
  test(`no serious fault of accessibility, ${theme}; the lines change their colour; pictures`, async () => {
    await page.evaluate((value) => window.beluga.call('settings.set', { theme: value }), theme);
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await goTo(page, `/containers/${busy}/stats`);
    await expect(chart('CPU').locator('canvas')).toBeVisible();
    const colour = theme === 'light' ? ([0x17, 0x6a, 0x94] as const) : ([0x56, 0xb0, 0xe2] as const);
    await expect.poll(() => inked('CPU', colour)).toBeGreaterThan(20);
    await page.getByRole('group', { name: /^Charts/ }).press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await seriousFaults(page), 'stats').toEqual([]);
    await picture(page, `stats.${theme}`);
    await goTo(page, `/containers/${busy}/inspect`);
    await page.getByRole('textbox', { name: 'Search keys and values' }).fill('health');
    await page.keyboard.press('Enter');
    // a notice of the test before fades away, and is hardly there then
    await expect(page.getByText('Copied', { exact: true })).toHaveCount(0);
    expect(await seriousFaults(page), 'inspect').toEqual([]);
    await picture(page, `inspect.${theme}`);
  });
}

test('Chinese', async () => {
  await page.evaluate(() => window.beluga.call('settings.set', { theme: 'light', language: 'zh-CN' }));
  await goTo(page, `/containers/${busy}/stats`);
  await expect(chart('内存')).toContainText('上限 33.6 MB');
  await picture(page, 'stats.zh-CN');
  await goTo(page, `/containers/${busy}/inspect`);
  await expect(page.getByRole('tree', { name: '检查' })).toBeVisible();
  await picture(page, 'inspect.zh-CN');
  await page.evaluate(() => window.beluga.call('settings.set', { language: 'en' }));
  expect(opened.problems).toEqual([]);
});
