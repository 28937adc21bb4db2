import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import type { Day } from './day.ts';

/** What the app does to several containers at once. */
export async function several(stage: Stage, day: Day): Promise<void> {
  const both = ['api', 'web'];
  await pauseBoth(stage, day, both);
  await stopBoth(stage, day, both);
  await removeTwo(stage, day);
}

/** The bar of what is selected. */
const barOf = ({ page }: Stage) => page.getByRole('toolbar', { name: 'Selected containers' });

async function select(stage: Stage, names: readonly string[]): Promise<void> {
  const { page, row } = stage;
  for (const name of names) {
    await row(name).hover();
    await row(name).getByRole('button', { name: 'Select' }).click();
  }
  await page.mouse.move(0, 0);
  await expect(barOf(stage)).toContainText(`${names.length} selected`);
}

async function pauseBoth(stage: Stage, day: Day, names: readonly string[]): Promise<void> {
  const { page, step, docker, row } = stage;
  const pick = async (entry: string) => {
    await barOf(stage).getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: entry }).click();
    await page.mouse.move(0, 0);
  };
  await step('App: pause several at once', async () => {
    await select(stage, names);
    await pick('Pause');
    for (const name of names) {
      await expect(row(`${name}, Paused`)).toBeVisible();
      await day.told(`container pause ${name}`);
    }
    const paused = await docker('ps', '--filter', 'status=paused', '--format', '{{.Names}}');
    expect(paused.split('\n').sort()).toEqual(names);
  });
  await step('App: resume them', async () => {
    await pick('Resume');
    for (const name of names) {
      await expect(row(`${name}, Running`)).toBeVisible();
      await day.told(`container unpause ${name}`);
    }
    expect(await docker('ps', '-q', '--filter', 'status=paused')).toBe('');
  });
}

async function stopBoth(stage: Stage, day: Day, names: readonly string[]): Promise<void> {
  const { step, docker, row } = stage;
  const running = async () => (await docker('ps', '--format', '{{.Names}}')).split('\n').sort();
  await step('App: stop several at once', async () => {
    await barOf(stage).getByRole('button', { name: 'Stop', exact: true }).click();
    for (const name of names) {
      await day.told(`container stop ${name}`);
      await expect(row(`${name}, Exited`)).toBeVisible();
    }
    expect(await running()).toEqual(['typed']);
  });
  await step('App: start several at once', async () => {
    await barOf(stage).getByRole('button', { name: 'Start', exact: true }).click();
    for (const name of names) {
      await day.told(`container start ${name}`);
      await expect(row(`${name}, Running`)).toBeVisible();
    }
    expect(await running()).toEqual(['api', 'typed', 'web']);
  });
}

async function removeTwo(stage: Stage, day: Day): Promise<void> {
  const { page, step, docker, row } = stage;
  await step('App: remove several at once', async () => {
    await page.keyboard.press('Escape');
    await expect(barOf(stage)).toBeHidden();
    const names = ['api', 'typed'];
    await select(stage, names);
    await barOf(stage).getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).last().click();
    for (const name of names) {
      await day.told(`container destroy ${name}`);
      await expect(row(name)).toHaveCount(0);
    }
    expect(await docker('ps', '-a', '--format', '{{.Names}}')).toBe('web');
  });
}
