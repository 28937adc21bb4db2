import { readdirSync, readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { sampleArchive, sampleImage } from '../sample.ts';
import { dockerOf, emptyEngine, givenRoots, goTo, type OpenedApp, openApp, untilRunning } from './app-fixture.ts';

const docker = (...args: string[]) => dockerOf(givenRoots())(...args);
let id: string;
test.beforeAll(async () => {
  await emptyEngine(dockerOf(givenRoots()));
  await docker('load', '-i', sampleArchive());
  id = (await docker('run', '-d', '--name', 'work', sampleImage, 'sleep', '3600')).trim();
});
test.afterAll(() => emptyEngine(dockerOf(givenRoots())));

/** Processes of this computer that run these words; containers' are among them. */
function running(...words: string[]): number[] {
  const commandOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };
  const wanted = `${words.join('\0')}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandOf(name) === wanted)
    .map(Number);
}

/** Types into the shell that is shown, once it has a prompt. */
async function type(page: Page, line: string): Promise<void> {
  await expect(page.locator('.xterm-rows')).toContainText(/[$#]/);
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
}

const ways: readonly (readonly [string, (opened: OpenedApp) => unknown])[] = [
  // by the system: in a terminal the keys belong to the shell
  ['a quit', ({ app }) => app.evaluate(({ app: main }) => main.quit()).catch(() => {})],
  ['a crash', ({ app }) => process.kill(app.process().pid ?? 0, 'SIGKILL')],
];

for (const [at, [way, end]] of ways.entries())
  test(`${way} of the app hangs up its shells, in containers and on this computer`, async () => {
    const opened = await openApp({ roots: givenRoots(), settings: { onQuit: 'keep' } });
    const { app, page } = opened;
    // lengths that nobody else sleeps
    const inside = String(41_410 + at);
    const outside = String(52_520 + at);
    await untilRunning(page);
    await goTo(page, `/containers/${id}/terminal`);
    await type(page, `sleep ${inside}`);
    await expect.poll(() => docker('top', 'work')).toContain(`sleep ${inside}`);
    await goTo(page, '/terminal');
    await expect(page.getByRole('button', { name: 'This computer, terminal 1', exact: true })).toBeVisible();
    await type(page, `sleep ${outside}`);
    await expect.poll(() => running('sleep', outside).length).toBe(1);
    const ended = app.waitForEvent('close');
    await end(opened);
    await ended;
    await expect.poll(() => running('sleep', outside)).toEqual([]);
    // neither what it ran nor the shell itself: the container has its main process alone, below the line of titles
    await expect.poll(async () => (await docker('top', 'work')).trim().split('\n').length).toBe(2);
    expect(await docker('inspect', '-f', '{{.State.Running}}', 'work')).toBe('true');
  });
