import { sampleArchive, sampleImage } from '../../test/sample.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, dayOf, eventFormat } from './day.ts';

/** Engine and image are there. */
export async function beginning({ page, step, docker, start, row }: Stage): Promise<Day> {
  // everything, also what is told before it listens
  const day = dayOf(start('events', '--since', '0', '--format', eventFormat));
  await step('The app finds the engine', async () => {
    await expect(page.getByRole('status').filter({ hasText: /^Engine running$/ })).toBeVisible();
    await docker('info', '--format', '{{.Name}}: {{.ServerVersion}}, {{.Driver}}, cgroup v{{.CgroupVersion}}');
  });
  await step('CLI: load an image; the app lists it', async () => {
    await page.keyboard.press('Control+2');
    await docker('load', '-i', sampleArchive());
    await expect(row(sampleImage)).toBeVisible();
    await day.told(`image load ${await docker('image', 'inspect', '-f', '{{.Id}}', sampleImage)}`);
  });
  return day;
}
