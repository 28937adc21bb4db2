import { sampleImage } from '../../test/sample.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, inTerminal, section, toList } from './day.ts';

/** The terminal of this computer, in the app, for those who like the CLI. */
export async function theirTerminal({ page, step, docker, row, socket }: Stage, day: Day): Promise<void> {
  const { screen, type } = inTerminal(page);
  await step('App: a terminal of this computer, whose docker is on this engine', async () => {
    await section(page, 'Terminal').click();
    await expect(page.getByText(`DOCKER_HOST=unix://${socket}`, { exact: true })).toBeVisible();
    await expect(screen).toContainText(/[$#]/);
    await type(`docker run -d --name typed ${sampleImage} sleep 3600`);
    await day.told('container start typed');
    await type(`docker ps --format 'table {{.Names}}\\t{{.Status}}\\t{{.Ports}}'`);
    await expect(screen).toContainText(/typed\s+Up/);
    expect(await docker('inspect', '-f', '{{.Path}} {{.Args}}', 'typed')).toBe('sleep [3600]');
  });
  await step('App: the list has what was typed there', async () => {
    await toList(page);
    await expect(row('typed, Running')).toBeVisible();
  });
}
