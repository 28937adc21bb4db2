import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, fetched } from './day.ts';

/** The other tabs of the page of `web`, which is open. */
export async function parts(stage: Stage, day: Day): Promise<void> {
  await charts(stage, day);
  await inspect(stage, day);
}

/** Counts its rounds in /tmp/rounds, until there is a file /tmp/enough. */
const work = [
  'while [ ! -e /tmp/enough ]; do n=0; while [ $n -lt 50000 ]; do n=$((n + 1)); done;',
  'rounds=$((rounds + 1)); echo $rounds > /tmp/rounds; sleep 0.5; done',
].join(' ');
const enough = 'until [ "$(cat /tmp/rounds 2>/dev/null || echo 0)" -ge 9 ]; do sleep 0.2; done; touch /tmp/enough';

/** Has `web` work and answer until it was enough: there is something to see. */
async function busy({ docker, start }: Stage): Promise<void> {
  const port = /:(\d+)/.exec(await docker('port', 'web', '80/tcp'))?.[1];
  const working = start('exec', 'web', 'sh', '-c', work);
  let over = false;
  void working.ended.then(() => {
    over = true;
  });
  while (!over) expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('from the folder\n');
  expect((await working.ended).code).toBe(0);
}

async function charts(stage: Stage, day: Day): Promise<void> {
  const { page, step, docker } = stage;
  const chart = (name: string) => page.getByRole('region', { name, exact: true });
  const watch = async () => {
    await expect(chart('CPU')).toContainText(/[1-9][\d.]*%of \d+ cores, peak [1-9]/);
    await expect(chart('Network')).toContainText(/[1-9][\d.]*k?B\/s in/);
    await expect(chart('Disk')).toContainText(/\dk?B\/s read/);
    await expect(chart('Processes')).toContainText(/\d+processes and threads/);
    await docker('update', '--cpus', '0.5', '--memory', '64m', '--memory-swap', '64m', 'web');
    await day.told('container update web');
    await expect(chart('Memory')).toContainText('Limit 67.1 MB');
    await expect(chart('CPU')).toContainText('Limit 50%');
    await docker('exec', 'web', 'sh', '-c', enough);
  };
  await step('App: charts of a busy container; limits that the CLI sets appear', async () => {
    await page.getByRole('link', { name: 'Stats' }).click();
    await page.getByRole('button', { name: '1 min', exact: true }).click();
    await Promise.all([busy(stage), watch()]);
  });
}

async function inspect({ page, step, docker }: Stage, day: Day): Promise<void> {
  const line = (name: RegExp) => page.getByRole('tree', { name: 'Inspect' }).getByRole('treeitem', { name });
  await step('App: inspect is a tree that can be searched, and follows the CLI', async () => {
    await page.getByRole('link', { name: 'Inspect' }).click();
    await expect(line(/^State/)).toBeVisible();
    await page.keyboard.press('/');
    await page.keyboard.type('RestartPolicy');
    await page.keyboard.press('Enter');
    await expect(page.getByText(/^1 of \d+$/)).toBeVisible();
    await expect(line(/^RestartPolicy/)).toBeVisible();
    await docker('update', '--restart', 'unless-stopped', 'web');
    await day.told('container update web');
    await page.getByRole('textbox', { name: 'Search keys and values' }).fill('unless-stopped');
    await expect(line(/^Name\s*"unless-stopped"/)).toBeVisible();
  });
}
