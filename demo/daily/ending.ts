import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, eventFormat, section, toList, withoutNotices } from './day.ts';

/** The looks of the app; what is left goes, and the events have told it all. */
export async function ending(stage: Stage, day: Day): Promise<void> {
  await looks(stage);
  await empty(stage, day);
}

async function looks({ page, step }: Stage): Promise<void> {
  const set = async (setting: string, value: string) => {
    await page.getByRole('combobox', { name: setting }).click();
    await page.getByRole('option', { name: value, exact: true }).click();
  };
  await step('App: in the dark, and in Chinese', async () => {
    await withoutNotices(page);
    await section(page, 'Settings').click();
    await set('Theme', 'Dark');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await set('Language', '简体中文');
    await toList(page);
    await expect(page.getByRole('row', { name: 'web，运行中' })).toBeVisible();
  });
  await step('App: back in English, and in the light', async () => {
    await section(page, '设置').click();
    await set('语言', 'English');
    await set('Theme', 'Light');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  });
}

async function empty({ page, step, docker, row, problems }: Stage, { told, events }: Day): Promise<void> {
  await step('CLI: remove the rest; the app is empty at once', async () => {
    await toList(page);
    await docker('rm', '-f', 'web');
    await expect(row('web')).toHaveCount(0);
    await expect(page.getByText('No containers yet')).toBeVisible();
    await told('container destroy web');
  });
  await step('CLI: events tells all of it once more', async () => {
    const now = String(Math.ceil(Date.now() / 1000));
    const replayed = await docker('events', '--since', '0', '--until', now, '--format', eventFormat);
    expect(events()).toEqual(replayed.split('\n'));
    expect(problems).toEqual([]);
  });
}
