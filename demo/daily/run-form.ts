import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { sampleImage } from '../../test/sample.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, served } from './day.ts';

/** Serves the folder that it is given, and says something now and then. */
const command = String.raw`sh -c 'trap "exit 0" TERM; httpd -p 80 -h /site; while :; do n=$((n+1)); printf "\033[32mGET\033[0m / \033[36m200\033[0m $GREETING %d\n" $n; sleep 0.3; done'`;

/** `web` is run in the app, with everything that the form has. */
export async function runForm(stage: Stage, day: Day): Promise<void> {
  const taken = await takePort(stage);
  const folder = site(stage);
  await portTaken(stage, taken);
  await theRest(stage, folder);
  await run(stage, day, folder);
  await portLink(stage);
}

/** Takes a port, as a program of this computer that is no container. */
async function takePort({ atEnd }: Stage): Promise<number> {
  const server = createServer((_, response) => response.end('another program\n'));
  atEnd(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return (server.address() as AddressInfo).port;
}

/** A folder of this computer that can be served. */
function site({ scratch }: Stage): string {
  const folder = path.join(scratch, 'site');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'index.html'), 'from the folder\n');
  // the engine mounts it as root, the server inside may be anyone
  chmodSync(folder, 0o755);
  return folder;
}

function form({ page }: Pick<Stage, 'page'>) {
  const dialog = page.getByRole('dialog', { name: 'Run a container' });
  const field = (name: string) => dialog.getByLabel(name, { exact: true });
  const button = (name: string | RegExp) => dialog.getByRole('button', { name });
  return { dialog, field, button };
}

async function portTaken(stage: Stage, taken: number): Promise<void> {
  const { page, step } = stage;
  const { dialog, field, button } = form(stage);
  await step('App: the run form; a taken port is told with its program', async () => {
    await page.keyboard.press('Control+1');
    await page.keyboard.press('Control+n');
    await field('Image').fill(sampleImage);
    await field('Name').fill('web');
    await field('Command').fill(command);
    await button('Add port').click();
    await field('Port of this computer').fill(String(taken));
    await field('Port of the container').fill('80');
    await expect(
      dialog.getByText(new RegExp(`Port ${taken} is taken by .+ \\(process ${process.pid}\\)`)),
    ).toBeVisible();
    await expect(button(/^Run/)).toBeDisabled();
    await expect(button(/^Use \d+$/)).toBeVisible();
  });
}

async function theRest(stage: Stage, folder: string): Promise<void> {
  const { page, app, step } = stage;
  const { dialog, field, button } = form(stage);
  await step('App: the next free port, environment, folders, restart policy', async () => {
    await button(/^Use \d+$/).click();
    await expect(dialog.getByText(/is taken/)).toHaveCount(0);
    await button('Add variable').click();
    await field('Name of the variable').fill('GREETING');
    await field('Value').fill('hello from the form');
    await button(/^Add folder or volume$/).click();
    // the system's dialog, which nothing in the page can answer
    await app.evaluate(({ dialog: system }, chosen) => {
      system.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
    }, folder);
    await button('Choose a folder').click();
    await expect(field('Folder or volume')).toHaveValue(folder);
    await field('Path in the container').fill('/site');
    await button(/^Restart/).click();
    await dialog.getByRole('combobox', { name: 'Policy' }).click();
    await page.getByRole('option', { name: 'When it fails', exact: true }).click();
    await field('Tries at most').fill('3');
    await button(/^Folders in memory/).click();
    await button('Add folder in memory').click();
    await field('Folder in memory').fill('/scratch');
    await field('Size at most').fill('16');
    await expect(button(/^Run/)).toBeEnabled();
  });
}

async function run(stage: Stage, day: Day, folder: string): Promise<void> {
  const { page, step, docker, row } = stage;
  const { dialog, field } = form(stage);
  await step('App: run it; the list has it with its port, the CLI with all of the form', async () => {
    const port = await field('Port of this computer').inputValue();
    await page.keyboard.press('Control+Enter');
    await expect(dialog).toBeHidden();
    await expect(row('web, Running')).toBeVisible();
    await expect(row('web').getByRole('link', { name: port })).toBeVisible();
    await page.mouse.move(0, 0);
    for (const action of ['create', 'start']) await day.told(`container ${action} web`);
    expect(await docker('port', 'web', '80/tcp')).toContain(`:${port}`);
    expect(await docker('inspect', '-f', '{{.HostConfig.RestartPolicy}} {{.HostConfig.Tmpfs}}', 'web')).toBe(
      `{on-failure 3} map[/scratch:size=${16 * 1024 * 1024}]`,
    );
    const mounts = await docker(
      'inspect',
      '-f',
      '{{range .Mounts}}{{println .Type .Source .Destination}}{{end}}',
      'web',
    );
    expect(mounts.trim().split('\n').sort()).toEqual([`bind ${folder} /site`]);
    expect(await docker('exec', 'web', 'sh', '-c', 'echo "$GREETING"; mount | grep -c " /scratch "')).toBe(
      'hello from the form\n1',
    );
  });
}

async function portLink({ app, page, step, docker, row }: Stage): Promise<void> {
  await step('App: the port is a link, and it answers', async () => {
    // the system's browser, which is none of ours
    await app.evaluate(({ shell }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { opened });
      shell.openExternal = async (url) => void opened.push(url);
    });
    const port = /:(\d+)/.exec(await docker('port', 'web', '80/tcp'))?.[1];
    await row('web').getByRole('link').click();
    const opened = () => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    await expect.poll(opened).toEqual([`http://127.0.0.1:${port}/`]);
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      await expect.poll(() => served(`http://${host}:${port}/`), host).toBe('from the folder\n');
    await page.mouse.move(0, 0);
  });
}
