import { sampleImage } from '../../test/sample.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, served, toList } from './day.ts';

/** The stock CLI at a terminal, and what the app's list shows of it. */
export async function cliBeside(stage: Stage, day: Day): Promise<void> {
  await looks(stage, day);
  await pauses(stage, day);
  await terminals(stage, day);
  await publishes(stage, day);
}

async function looks({ page, step, docker }: Stage, day: Day): Promise<void> {
  await step('CLI: ps, top, stats, system df, info', async () => {
    await toList(page);
    expect(await docker('ps', '--format', 'table {{.Names}}\\t{{.Status}}\\t{{.Ports}}')).toContain('web');
    expect(await docker('top', 'web', '-o', 'pid,comm')).toContain('httpd');
    await day.told('container top web');
    expect(await docker('stats', '--no-stream')).toMatch(/web\s+[\d.]+%\s+[\d.]+\w+ \/ 64MiB/);
    expect(await docker('system', 'df')).toMatch(/Containers\s+3\s+3/);
    expect(await docker('info', '--format', '{{.ContainersRunning}} run, {{.Images}} image')).toBe('3 run, 1 image');
  });
}

async function pauses({ step, docker, row }: Stage, day: Day): Promise<void> {
  await step('CLI: pause; the app shows it', async () => {
    await docker('pause', 'web');
    await expect(row('web, Paused')).toBeVisible();
    await day.told('container pause web');
  });
  await step('CLI: unpause; the app shows it', async () => {
    await docker('unpause', 'web');
    await expect(row('web, Running')).toBeVisible();
    await day.told('container unpause web');
  });
}

async function terminals({ step, terminal, row }: Stage, day: Day): Promise<void> {
  const guest = () => terminal('run', '-it', '--rm', '--name', 'guest', '--env', 'PS1=guest$ ', sampleImage, 'sh');
  let client: ReturnType<typeof guest>;
  await step('CLI: run -it --rm; the app shows it come', async () => {
    client = guest();
    await client.sees('guest$ ');
    await expect(row('guest, Running')).toBeVisible();
    client.type('echo "$((6 * 7)) lines"; tty\r');
    await client.sees(/42 lines\s+\/dev\/pts\/0/);
    client.resize({ rows: 30, columns: 100 });
    client.type('until stty size | grep "^30 100$"; do sleep 0.1; done\r');
    await client.sees(/^30 100\s*$/m);
  });
  await step('CLI: its shell ends; the app shows it gone', async () => {
    client.type('exit 3\r');
    expect(await client.ended).toBe(3);
    await expect(row('guest')).toHaveCount(0);
    await day.told('container destroy guest');
  });
  await step('CLI: exec -it in the container of the app', async () => {
    const client = terminal('exec', '-it', '--env', 'PS1=web$ ', 'web', 'sh');
    await client.sees('web$ ');
    await day.told('container exec_start: sh  web');
    client.type('hostname; cat /proc/1/comm\r');
    await client.sees(/[0-9a-f]{12}\s+sh/);
    client.type('exit\r');
    expect(await client.ended).toBe(0);
  });
}

async function publishes({ step, docker, row }: Stage, day: Day): Promise<void> {
  await step('CLI: run -d -p; the app shows it with its port as a link', async () => {
    const server = `trap 'exit 0' TERM; mkdir /www; echo from the CLI > /www/index.html; httpd -f -h /www & wait`;
    await docker('run', '-d', '--name', 'api', '-p', '80', sampleImage, 'sh', '-c', server);
    await expect(row('api, Running')).toBeVisible();
    await day.told('container start api');
    const port = /:(\d+)$/m.exec(await docker('port', 'api', '80/tcp'))?.[1] ?? '';
    await expect(row('api').getByRole('link', { name: port })).toBeVisible();
    await expect.poll(() => served(`http://127.0.0.1:${port}/`)).toBe('from the CLI\n');
  });
}
