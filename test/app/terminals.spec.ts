import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { givenRoots, goTo, openStory, picture, seriousFaults } from './app-fixture.ts';

let id: string;
const opened = openStory({
  settings: { theme: 'dark' },
  before: async (docker) => {
    await docker('load', '-i', sampleArchive());
    id = (await docker('run', '-d', '--name', 'work', sampleImage, 'sleep', '3600')).trim();
  },
});
const { docker } = opened;
let page: Page;
test.beforeAll(() => {
  page = opened.page;
});
const screen = () => page.locator('.xterm-rows');
const type = async (line: string) => {
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
};

test('T opens a shell, which does what is typed', async () => {
  await goTo(page, '/containers');
  await page.getByRole('row', { name: /^work/ }).click();
  await page.keyboard.press('t');
  await expect(page.getByRole('button', { name: 'ash, terminal 1', exact: true })).toBeVisible();
  await expect(screen()).toContainText('#');
  await type('echo two-times-three-is-$((2*3)); id -u');
  await expect(screen()).toContainText('two-times-three-is-6');
  await picture(page, 'terminal-dark');
});

test('it has the size of its place, and follows it', async () => {
  const columnsNow = async () =>
    Number(/^(\d+) ×/.exec(await page.getByText(/^\d+ × \d+$/).innerText())?.[1] ?? Number.NaN);
  await type('stty size');
  const before = await columnsNow();
  await expect(screen()).toContainText(new RegExp(`\\d+ ${before}`));
  const resize = (width: number) =>
    opened.app.evaluate(({ BrowserWindow }, wide) => BrowserWindow.getAllWindows()[0]?.setSize(wide, 760), width);
  await resize(1000);
  await expect.poll(columnsNow).not.toBe(before);
  const after = await columnsNow();
  await type('clear; echo now: $(stty size)');
  await expect(screen()).toContainText(new RegExp(`now: \\d+ ${after}`));
  // whatever the language spaces its letters by, the last column stands within
  await type('clear; seq -s . 1 200');
  await expect(screen()).toContainText('.100.');
  const over = await screen().evaluate((rows) => {
    const right = (element: Element) => element.getBoundingClientRect().right;
    return Math.max(...[...rows.querySelectorAll('span')].map(right)) - right(rows);
  });
  // widths are rounded: less than half a letter
  expect(over).toBeLessThan(3);
  await resize(1280);
});

test('it goes on while other parts and pages are shown', async () => {
  await type('kept=here; echo the word is $kept');
  await expect(screen()).toContainText('the word is here');
  await goTo(page, '/images');
  await expect(screen()).toHaveCount(0);
  await goTo(page, `/containers/${id}/logs`);
  await page.getByRole('link', { name: 'Terminal', exact: true }).first().click();
  await goTo(page, `/containers/${id}/terminal`);
  await expect(screen()).toContainText('the word is here');
  await type('echo still-$kept');
  await expect(screen()).toContainText('still-here');
});

test('Escape and single keys belong to the shell', async () => {
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  await expect(page.locator('[data-terminal]')).toHaveCount(1);
  expect(new URL(page.url()).hash).toContain('/terminal');
  await page.keyboard.press('Control+c');
});

test('a second terminal is a process of its own', async () => {
  await page.getByRole('button', { name: 'New terminal' }).click();
  await expect(page.locator('[data-terminal]')).toHaveCount(2);
  await expect(screen()).toContainText('#');
  await type('echo second:[$kept]');
  await expect(screen()).toContainText('second:[]');
  await page.getByRole('button', { name: 'ash, terminal 1', exact: true }).click();
  await expect(screen()).toContainText('still-here');
});

test('what was written is found, copied and pasted', async () => {
  await type('clear; echo needle-$((4000+711))');
  // what comes later is not searched again
  await expect(screen()).toContainText('needle-4711');
  await page.keyboard.press('Control+Shift+F');
  await page.getByPlaceholder('Search the terminal').fill('needle-4711');
  await expect(page.getByText('Nothing found')).toBeHidden();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+F');
  await page.getByPlaceholder('Search the terminal').fill('no-such-word');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByPlaceholder('Search the terminal')).toBeHidden();
  await opened.app.evaluate(({ clipboard }) => clipboard.writeText('echo pasted-$((40+2))'));
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+Shift+V');
  await page.keyboard.press('Enter');
  await expect(screen()).toContainText('pasted-42');
  // the terminal takes the mouse itself: what lies under it cannot be clicked as an element
  const place = await screen().getByText('pasted-42').last().boundingBox();
  await page.mouse.dblclick((place?.x ?? 0) + 20, (place?.y ?? 0) + 8);
  await page.keyboard.press('Control+Shift+C');
  await expect.poll(() => opened.app.evaluate(({ clipboard }) => clipboard.readText())).toBe('pasted-42');
});

test('the end is told with its code, and it opens again', async () => {
  await type('exit 7');
  await expect(page.getByText('It ended with exit code 7.')).toBeVisible();
  await page.getByRole('button', { name: 'Open again' }).click();
  await expect(page.getByText('It ended with exit code 7.')).toBeHidden();
  await type('clear; echo back-$((1+1))');
  await expect(screen()).toContainText('back-2');
});

test('a closed terminal leaves no process behind', async () => {
  // as nohup does
  await type('(trap "" HUP; exec sleep 4141) &');
  await type('sleep 4242');
  await expect.poll(() => docker('top', 'work')).toContain('sleep 4242');
  await page.getByRole('button', { name: 'Close ash, terminal 1' }).click();
  await expect(page.locator('[data-terminal]')).toHaveCount(1);
  await expect.poll(() => docker('top', 'work')).not.toContain('sleep 4242');
  expect(await docker('top', 'work')).toContain('sleep 4141');
});

test('the main process is attached, and left running', async () => {
  const main = (await docker('run', '-dit', '--name', 'main', sampleImage, 'sh')).trim();
  await goTo(page, `/containers/${main}/terminal`);
  await expect(page.getByRole('button', { name: 'ash, terminal 1', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Open with' }).click();
  await page.getByRole('menuitem', { name: 'Attach to the main process' }).click();
  await expect(page.getByRole('button', { name: 'Main process, terminal 2', exact: true })).toBeVisible();
  await type('echo pid-$$');
  await expect(screen()).toContainText('pid-1');
  expect(await docker('logs', 'main')).toContain('pid-1');
  await page.getByRole('button', { name: 'Close Main process, terminal 2' }).click();
  expect(await docker('inspect', '-f', '{{.State.Running}}', 'main')).toContain('true');
});

test('a container that does not run offers to start it', async () => {
  await docker('stop', '-t', '0', 'main');
  const main = (await docker('inspect', '-f', '{{.Id}}', 'main')).trim();
  await goTo(page, '/images');
  await goTo(page, `/containers/${main}/terminal`);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(page.getByText('The container is not running')).toBeVisible();
});

test('the terminal of this computer talks to this engine', async () => {
  await goTo(page, '/terminal');
  await expect(screen()).toContainText(/[$#]/);
  await type('echo host=$DOCKER_HOST');
  const { runRoot } = givenRoots();
  await expect(screen()).toContainText(`host=unix://${runRoot}/docker.sock`.slice(0, 40));
  await type('clear; docker ps --format "{{.Names}}"');
  await expect(screen()).toContainText('work');
  await picture(page, 'terminal-host-dark');
  expect(await seriousFaults(page)).toEqual([]);
});

test('much output arrives whole, and the app stays awake', async () => {
  await goTo(page, `/containers/${id}/terminal`);
  await type('clear; seq 1 200000; echo all-$((3*3))-done');
  await expect(screen()).toContainText('all-9-done', { timeout: 60_000 });
  await page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
  await picture(page, 'terminal-light');
  expect(opened.problems).toEqual([]);
});
