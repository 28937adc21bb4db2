import { sampleImage } from '../../test/sample.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';
import { type Day, inTerminal, pick, section, toList, withoutNotices } from './day.ts';

/** Terminals of the app in containers. */
export async function shells(stage: Stage, day: Day): Promise<void> {
  await shell(stage, day);
  await size(stage);
  await goesOn(stage);
  await words(stage);
  await mainProcess(stage, day);
  await left(stage);
}

async function shell({ page, step, docker, row }: Stage, day: Day): Promise<void> {
  const { screen, type } = inTerminal(page);
  await step('App: a shell in the container', async () => {
    await toList(page);
    await row('web').click();
    await page.keyboard.press('t');
    await expect(page.getByRole('button', { name: 'ash, terminal 1', exact: true })).toBeVisible();
    // Docker writes the arguments behind a space, also where there are none
    await day.told('container exec_start: ash  web');
    await expect(screen).toContainText('#');
    await type('echo "$GREETING: $((6 * 7))"; cat /site/index.html; df -h /scratch');
    await expect(screen).toContainText('hello from the form: 42');
    await expect(screen).toContainText('from the folder');
    expect(await docker('top', 'web', '-o', 'pid,args')).toMatch(/\bash$/m);
  });
}

async function size({ page, app, step }: Stage): Promise<void> {
  const { screen, type } = inTerminal(page);
  const shown = page.getByText(/^\d+ × \d+$/);
  const resize = (width: number) =>
    app.evaluate(({ BrowserWindow }, wide) => {
      const [window] = BrowserWindow.getAllWindows();
      window?.setSize(wide, window.getSize()[1] ?? 800);
    }, width);
  await step('App: the terminal follows the size of its window', async () => {
    const [before, width] = [await shown.innerText(), await page.evaluate(() => window.innerWidth)];
    await resize(width - 200);
    await expect(shown).not.toHaveText(before);
    const [columns, rows] = (await shown.innerText()).split(' × ');
    await type('echo "now: $(stty size)"');
    await expect(screen).toContainText(`now: ${rows} ${columns}`);
    await resize(width);
    await expect(shown).toHaveText(before);
    await type('echo "again: $(stty size)"');
    await expect(screen).toContainText(`again: ${before.split(' × ').reverse().join(' ')}`);
  });
}

async function goesOn({ page, step, row }: Stage): Promise<void> {
  const { screen, type } = inTerminal(page);
  await step('App: the shell goes on while other pages are shown; a second tab', async () => {
    await type('clear; kept=here; sleep 1; echo "while away: $kept"');
    await section(page, 'Images').click();
    await expect(screen).toHaveCount(0);
    await toList(page);
    await row('web').click();
    await page.keyboard.press('t');
    await expect(screen).toContainText('while away: here');
    await page.getByRole('button', { name: 'New terminal' }).click();
    await expect(page.locator('[data-terminal]')).toHaveCount(2);
    await expect(screen).not.toContainText('while away');
    await expect(screen).toContainText('#');
    await type('echo "the second has none: [$kept]"');
    await expect(screen).toContainText('the second has none: []');
    await page.mouse.move(0, 0);
  });
}

async function words({ page, app, step }: Stage): Promise<void> {
  const { screen, type, listens } = inTerminal(page);
  const clipboard = () => app.evaluate(({ clipboard: board }) => board.readText());
  await step('App: paste into the terminal, copy from it, search it', async () => {
    await type('clear');
    await app.evaluate(({ clipboard: board }) => board.writeText('echo pasted-$((40+2))'));
    await listens();
    await page.keyboard.press('Control+Shift+V');
    await page.keyboard.press('Enter');
    const answer = screen.getByText(/^pasted-42/).last();
    await expect(answer).toBeVisible();
    // the terminal takes the mouse itself: what lies under it cannot be clicked as an element
    const place = await answer.boundingBox();
    await page.mouse.dblclick((place?.x ?? 0) + 20, (place?.y ?? 0) + 8);
    await page.keyboard.press('Control+Shift+C');
    await expect.poll(clipboard).toBe('pasted-42');
    const search = page.getByPlaceholder('Search the terminal');
    await page.keyboard.press('Control+Shift+F');
    await search.fill('no-such-word');
    await expect(page.getByText('Nothing found')).toBeVisible();
    await search.fill('pasted-42');
    await expect(page.getByText('Nothing found')).toBeHidden();
  });
}

async function mainProcess(stage: Stage, day: Day): Promise<void> {
  const { page, step, docker, terminal, row } = stage;
  const { screen, type } = inTerminal(page);
  await step('App and CLI: attach to the same main process', async () => {
    await page.keyboard.press('Escape');
    await withoutNotices(page);
    await docker('run', '-dit', '--name', 'shell', '--env', 'PS1=$ ', sampleImage, 'sh');
    await toList(page);
    await expect(row('shell, Running')).toBeVisible();
    await pick(stage, 'shell', 'Terminal');
    await expect(page.getByRole('button', { name: 'ash, terminal 1', exact: true })).toBeVisible();
    await page.getByRole('button', { name: 'Open with' }).click();
    await page.getByRole('menuitem', { name: 'Attach to the main process' }).click();
    await expect(page.getByRole('button', { name: 'Main process, terminal 2', exact: true })).toBeVisible();
    await day.told('container attach shell');
    const client = terminal('attach', 'shell');
    await day.told('container attach shell');
    await type('echo "typed in the app: $((40 + 2)), process $$"');
    await expect(screen).toContainText('typed in the app: 42, process 1');
    await client.sees('typed in the app: 42, process 1');
    client.type('echo "typed in the CLI: $((6 * 7))"\r');
    await client.sees('typed in the CLI: 42');
    await expect(screen).toContainText('typed in the CLI: 42');
    client.type('\x10\x11');
    await client.ended;
  });
}

async function left({ page, step, docker }: Stage): Promise<void> {
  await step('App: its tab is closed; the main process goes on', async () => {
    await page.getByRole('button', { name: 'Close Main process, terminal 2' }).click();
    await expect(page.locator('[data-terminal]')).toHaveCount(1);
    expect(await docker('inspect', '-f', '{{.State.Status}}', 'shell')).toBe('running');
  });
}
