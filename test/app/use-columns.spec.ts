import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { goTo, openStory, picture, seriousFaults } from './app-fixture.ts';

const opened = openStory({
  before: async (docker) => {
    await docker('load', '-i', sampleArchive());
    const busy = 'while true; do :; done';
    await docker('run', '-d', '--name', 'busy', '--cpus', '0.2', '--network', 'none', sampleImage, 'sh', '-c', busy);
    for (const name of ['idle-1', 'idle-2'])
      await docker('run', '-d', '--name', name, '--network', 'none', sampleImage, 'sleep', '3600');
    await docker('run', '-d', '--name', 'stands', '--network', 'none', sampleImage, 'sleep', '3600');
    await docker('pause', 'stands');
    await docker('create', '--name', 'made', '--network', 'none', sampleImage);
  },
});
const { docker } = opened;
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});
/** Those that a page without figures has. */
let without: number;
const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}, `) });
/** Connections of the main process: one for each stream of the engine. */
const connections = () =>
  opened.app.evaluate(() => process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length);
/** A count that stays the same is one of streams, not of calls that are on their way. */
const streams = async () => {
  let before = -1;
  let now = await connections();
  while (now !== before) {
    before = now;
    await page.waitForTimeout(300);
    now = await connections();
  }
  return now;
};

test('the list shows what each running container uses, as a figure and a line', async () => {
  await goTo(page, '/containers');
  await expect(row('busy').getByRole('gridcell').filter({ hasText: '%' })).toHaveText(/^[1-9]\d?(\.\d)?%$/);
  await expect(
    row('busy')
      .getByRole('gridcell')
      .filter({ hasText: /[kM]B$/ }),
  ).toBeVisible();
  await expect(row('idle-1').getByRole('gridcell').filter({ hasText: '%' })).toHaveText(/^\d(\.\d)?%$/);
  await expect(row('busy').locator('path[d^="M"][d*="L"]').first()).toBeAttached();
  // one that does not run has the room for its reason
  await expect(row('made').getByRole('gridcell').filter({ hasText: 'Not started yet' })).toHaveAttribute(
    'aria-colspan',
    '3',
  );
  await expect(row('made').getByText('%')).toHaveCount(0);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'containers-use');
});

test('a line is amber from four fifths of the limit on', async () => {
  // as much as it may of a fifth of a processor
  await expect(row('busy').locator('svg[data-hot]')).toHaveCount(1);
  const colour = (name: string) =>
    row(name)
      .locator('svg:has(path[d^="M"])')
      .first()
      .evaluate((svg) => getComputedStyle(svg).stroke);
  expect(await colour('busy')).not.toBe(await colour('idle-1'));
  await expect(row('idle-1').locator('svg[data-hot]')).toHaveCount(0);
  // told by the event of the change, without a new sample of the list's
  await docker('update', '--cpus', '1.9', 'busy');
  await expect(row('busy').locator('svg[data-hot]')).toHaveCount(0);
  await docker('update', '--cpus', '0.2', 'busy');
  await expect(row('busy').locator('svg[data-hot]')).toHaveCount(1);
});

test('one stream for each that runs and is seen, none when the list is left', async () => {
  await goTo(page, '/images');
  await expect(page.getByRole('heading', { name: 'Images' })).toBeVisible();
  without = await streams();
  await goTo(page, '/containers');
  // neither the paused one nor the one that was only made
  await expect.poll(streams).toBe(without + 3);
  await page.getByPlaceholder('Name, image, port').fill('idle');
  await expect.poll(streams).toBe(without + 2);
  await page.getByPlaceholder('Name, image, port').fill('');
  await goTo(page, '/images');
  await expect.poll(streams).toBe(without);
});

test('a button that cannot be pressed does not answer to the pointer', async () => {
  await goTo(page, '/containers');
  await row('made').hover();
  await row('made').getByRole('button', { name: 'Select' }).click();
  const stop = page.getByRole('toolbar', { name: 'Selected containers' }).getByRole('button', { name: 'Stop' });
  await expect(stop).toBeDisabled();
  const fill = () => stop.evaluate((button) => getComputedStyle(button).backgroundColor);
  const { x = 0, y = 0 } = (await stop.boundingBox()) ?? {};
  await page.mouse.move(x + 10, y + 10);
  await page.waitForFunction(() => document.querySelector('[role=toolbar] button:disabled:hover') !== null);
  await page.waitForTimeout(150);
  expect(await fill()).toBe('rgba(0, 0, 0, 0)');
  await page.keyboard.press('Escape');
});

test('rows out of sight are not asked about', async () => {
  const names = Array.from({ length: 24 }, (_, index) => `many-${String(index).padStart(2, '0')}`);
  for (const name of names)
    await docker('run', '-d', '--name', name, '--network', 'none', sampleImage, 'sleep', '3600');
  await opened.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(900, 600));
  await goTo(page, '/containers');
  await expect(row('busy')).toBeVisible();
  // the new size of the window comes when it comes
  await expect.poll(async () => (await streams()) - without).toBeLessThan(16);
  expect((await streams()) - without).toBeGreaterThan(8);
  // narrow: figures stay, lines go
  await expect(row('busy').getByText(/%$/)).toBeVisible();
  await expect(row('busy').locator('svg path[d^="M"]').first()).toBeHidden();
  await picture(page, 'containers-use-narrow');
  await page.evaluate(() => (document.documentElement.dataset.theme = 'dark'));
  expect(await seriousFaults(page)).toEqual([]);
  await docker('rm', '-f', ...names);
  await opened.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1280, 800));
});

test('who comes from the list to the charts over another part finds no gap', async () => {
  const script = 'n=0; while true; do n=$((n+1)); echo line-$n; sleep 0.5; done';
  const id = (
    await docker('run', '-d', '--name', 'ticks', '--network', 'none', sampleImage, 'sh', '-c', script)
  ).trim();
  await goTo(page, '/containers');
  await expect(row('ticks').getByText(/%$/)).toBeVisible();
  await goTo(page, `/containers/${id}/logs`);
  const log = page.getByRole('log', { name: 'Logs' });
  const last = async () =>
    Math.max(0, ...[...(await log.innerText()).matchAll(/line-(\d+)/g)].map((match) => Number(match[1])));
  await expect.poll(last).toBeGreaterThan(0);
  const seen = await last();
  await expect.poll(last).toBeGreaterThan(seen + 20);
  await goTo(page, `/containers/${id}/stats`);
  const key = page
    .getByRole('region', { name: 'CPU', exact: true })
    .getByText(/^\d\d:\d\d:\d\d$/)
    .first();
  // from the newest sample to the oldest
  await page.getByRole('group', { name: /^Charts/ }).focus();
  const times: number[] = [];
  for (let before = ''; ; ) {
    await page.keyboard.press('ArrowLeft');
    const time = await key.innerText();
    if (time === before) break;
    before = time;
    times.push(Date.parse(`1970-01-01T${time}Z`) / 1000);
  }
  const steps = times.slice(1).map((time, at) => ((times[at] ?? 0) - time + 86_400) % 86_400);
  expect(times.length).toBeGreaterThan(8);
  // ten seconds of the log were between: what was not watched would be one step
  expect(Math.max(...steps)).toBeLessThan(8);
  await docker('rm', '-f', 'ticks');
});

test('charts that were left go on for as long as they are kept, so that who comes back finds no gap', async () => {
  const id = (await docker('inspect', '-f', '{{.Id}}', 'busy')).trim();
  await goTo(page, '/images');
  await expect.poll(streams).toBe(without);
  await page.clock.install();
  await goTo(page, `/containers/${id}/stats`);
  await expect(page.getByRole('region', { name: 'CPU', exact: true })).toBeVisible();
  await goTo(page, '/images');
  await expect(page.getByRole('heading', { name: 'Images' })).toBeVisible();
  await page.clock.fastForward('05:00');
  expect(await streams()).toBe(without + 1);
  await page.clock.fastForward('05:01');
  await expect.poll(streams).toBe(without);
  expect(opened.problems).toEqual([]);
});
