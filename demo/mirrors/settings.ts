import type { BelugaRegistries } from '../../engine/http/extension-types.ts';
import { askEngine } from '../../test/app/registry-story.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import type { Scene } from './story.ts';

/** Two mirrors, added in the app; the first is tested. */
export async function settings({ page, step, docker }: Stage, { mirror, second }: Scene): Promise<void> {
  const dialog = page.getByRole('dialog');
  const add = async (name: string, host: string) => {
    await page.getByRole('button', { name: 'Add mirror' }).click();
    await dialog.getByLabel('Address').fill(`http://${host}`);
    await dialog.getByLabel('Name').fill(name);
    await page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
  };
  await step('App: two mirrors of docker.io; they count at once', async () => {
    await page.evaluate(() => (location.hash = '#/settings/registries'));
    await add('First mirror', mirror.host);
    await add('Second mirror', second.host);
    const rule = async () => ((await askEngine('GET', '/beluga/registries')) as BelugaRegistries).settings.rules[0];
    await expect.poll(async () => (await rule())?.mirrors.length).toBe(2);
    expect(await docker('info')).toMatch(new RegExp(`Registry Mirrors:\\s+http://${mirror.host}/`));
  });
  await step('App: a mirror is tested', async () => {
    await page.getByRole('button', { name: 'Test Second mirror' }).click();
    const result = page.getByRole('region', { name: `Test of ${second.host}` });
    await expect(result).toContainText('Reach');
    await expect(result).toContainText(/\d+ ms/);
  });
}
