import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';

/** The log of `web`, while it writes. */
export async function logs({ page, step, docker, row }: Stage): Promise<void> {
  const log = page.getByRole('log', { name: 'Logs' });
  const last = async () =>
    Math.max(0, ...[...(await log.innerText()).matchAll(/from the form (\d+)/g)].map(([, count]) => Number(count)));
  await step('App: the log is live, with its colours', async () => {
    await row('web').dblclick();
    const word = log.getByText('GET', { exact: true }).first();
    await expect(word).toBeVisible();
    const before = await last();
    await expect.poll(last).toBeGreaterThan(before);
    const colourOf = (element: Element) => getComputedStyle(element).color;
    expect(await word.evaluate(colourOf)).not.toBe(await log.evaluate(colourOf));
    expect(await docker('logs', '--tail', '1', 'web')).toMatch(/GET.* \/ .*200.* hello from the form \d+/);
  });
  await step('App: search the log', async () => {
    await page.getByRole('textbox', { name: 'Search the log' }).fill('form 3');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('status').filter({ hasText: /^\d+ of \d+$/ })).toBeVisible();
    await expect(log.locator('mark').first()).toBeVisible();
  });
}
