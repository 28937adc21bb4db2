import { expect, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { dockerOf, emptyEngine, givenRoots, goTo, openApp, picture, untilRunning } from './app-fixture.ts';

test('a log of 100 000 coloured lines: search, colours, stderr, and the way back to its end', async () => {
  const docker = dockerOf(givenRoots());
  await emptyEngine(docker);
  await docker('load', '-i', sampleArchive());
  const script = [
    'n=0',
    'while [ $n -lt 100000 ]; do n=$((n+1)); printf "\\033[3%dmline %d\\033[0m of many\\n" $((n % 8)) $n; done',
    'echo trouble >&2; printf "\\033[1;31mred alert\\033[0m\\n"',
    'while true; do sleep 0.2; echo tick; done',
  ].join('; ');
  const id = await docker('run', '-d', '--name', 'loud', sampleImage, 'sh', '-c', script);
  const { page, problems, close } = await openApp({ roots: givenRoots() });
  try {
    await untilRunning(page);
    await goTo(page, `/containers/${id}/logs`);
    const log = page.getByRole('log', { name: 'Logs' });
    await expect(log).toContainText('tick', { timeout: 60_000 });
    const search = page.getByRole('textbox', { name: 'Search the log' });

    await search.fill('line 99999 OF');
    await expect(page.getByText('1 line', { exact: true })).toBeVisible();
    await search.press('Enter');
    await expect(log).toContainText('line 99999 of many');
    await expect(log.locator('mark').first()).toBeVisible();
    // the match goes over the end of a colour: what is marked is in each part of the line
    expect((await log.locator('mark').allTextContents()).join('')).toBe('line 99999 of');

    await search.fill('red alert');
    await search.press('Enter');
    const alert = log.locator('mark', { hasText: 'red alert' });
    const weight = await alert.evaluate((element) => getComputedStyle(element.parentElement ?? element).fontWeight);
    const colour = await alert.evaluate((element) => getComputedStyle(element.parentElement ?? element).color);
    const red = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.color = 'var(--ansi-red)';
      const { color } = getComputedStyle(probe);
      probe.remove();
      return color;
    });
    expect([weight, colour]).toEqual(['600', red]);
    // the two streams come by two pipes: where among the lines it stands is not said
    await search.fill('trouble');
    await search.press('Enter');
    await expect(log.getByText('stderr', { exact: true })).toBeVisible();

    // far from the end: a match within the last screenful leaves the view at the end, which follows
    await search.fill('line 95000 of');
    await search.press('Enter');
    await expect(log).toContainText('line 95000 of many');
    await search.fill('');
    await expect(page.getByText(/^\d+ new lines?$/)).toBeVisible();
    await picture(page, 'logs-coloured.light');
    await page.getByRole('button', { name: /^Follow/ }).click();
    await expect(page.getByRole('button', { name: /^Follow/ })).toHaveCount(0);
    const atEnd = () => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await expect.poll(atEnd).toBeLessThan(3);
    expect(problems).toEqual([]);
  } finally {
    await close();
    await emptyEngine(docker);
  }
});
