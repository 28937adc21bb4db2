import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, pick, press, served } from './day.ts';

/** What the app does to one container: the CLI sees each. */
export async function onlyOne(stage: Stage, day: Day): Promise<void> {
  await stopAndStart(stage, day);
  await restart(stage, day);
  await pause(stage, day);
  await renameAndKill(stage, day);
  await remove(stage, day);
}

const portOf = async ({ docker }: Stage, name: string) => /:(\d+)$/m.exec(await docker('port', name, '80/tcp'))?.[1];

async function stopAndStart(stage: Stage, day: Day): Promise<void> {
  const { step, docker, row } = stage;
  await step('App: stop', async () => {
    const port = await portOf(stage, 'api');
    await press(stage, 'api', 'Stop');
    await expect(row('api, Exited')).toBeVisible();
    await day.told('container stop api');
    expect(await docker('ps', '-a', '--filter', 'name=api', '--format', '{{.Names}} {{.Status}}')).toMatch(
      /Exited \(0\)/,
    );
    expect(await served(`http://127.0.0.1:${port}/`)).toMatch(/failed/);
  });
  await step('App: start', async () => {
    await press(stage, 'api', 'Start');
    await expect(row('api, Running')).toBeVisible();
    await day.told('container start api');
    const port = (await portOf(stage, 'api')) ?? '';
    await expect(row('api').getByRole('link', { name: port })).toBeVisible();
    await expect.poll(() => served(`http://127.0.0.1:${port}/`)).toBe('from the CLI\n');
  });
}

async function restart(stage: Stage, day: Day): Promise<void> {
  const { step, docker, row } = stage;
  await step('App: restart', async () => {
    const began = () => docker('inspect', '-f', '{{.State.StartedAt}}', 'api');
    const before = await began();
    await pick(stage, 'api', 'Restart');
    await day.told('container restart api');
    await expect(row('api, Running')).toBeVisible();
    expect(await began()).not.toBe(before);
  });
}

async function pause(stage: Stage, day: Day): Promise<void> {
  const { step, docker, row } = stage;
  const status = () => docker('ps', '--filter', 'name=web', '--format', '{{.Names}}: {{.Status}}');
  await step('App: pause', async () => {
    await pick(stage, 'web', 'Pause');
    await expect(row('web, Paused')).toBeVisible();
    await day.told('container pause web');
    expect(await status()).toMatch(/\(Paused\)$/);
  });
  await step('App: resume', async () => {
    await pick(stage, 'web', 'Resume');
    await expect(row('web, Running')).toBeVisible();
    await day.told('container unpause web');
    expect(await status()).toMatch(/^web: Up [^()]+$/);
  });
}

async function renameAndKill(stage: Stage, day: Day): Promise<void> {
  const { page, step, docker, row } = stage;
  await step('App: rename; the CLI sees the new name', async () => {
    await pick(stage, 'shell', 'Rename');
    const dialog = page.getByRole('dialog', { name: 'Rename shell' });
    await dialog.getByLabel('Name', { exact: true }).fill('console');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await expect(row('console, Running')).toBeVisible();
    await day.told('container rename console');
    expect((await docker('ps', '--format', '{{.Names}}')).split('\n')).toContain('console');
  });
  await step('App: kill', async () => {
    await pick(stage, 'console', 'Kill');
    await expect(row('console, Ended by SIGKILL')).toBeVisible();
    await day.told('container kill console');
    expect(await docker('inspect', '-f', '{{.State.ExitCode}}', 'console')).toBe('137');
  });
}

async function remove(stage: Stage, day: Day): Promise<void> {
  const { page, step, docker, row } = stage;
  await step('App: remove; the CLI no longer has it', async () => {
    await press(stage, 'console', 'Remove');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(row('console')).toHaveCount(0);
    await day.told('container destroy console');
    expect((await docker('ps', '-a', '--format', '{{.Names}}')).split('\n').sort()).toEqual(['api', 'typed', 'web']);
  });
}
