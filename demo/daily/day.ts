import type { Page } from '@playwright/test';
import type { Going } from '../../test/docker-cli.ts';
import { expect } from '../expect.ts';
import type { Stage } from '../stage.ts';

/** What the acts of the daily story hand on. */
export interface Day {
  /** Waits until `docker events` has told this line once more than it was asked for before. */
  told(line: string): Promise<void>;
  /** Every line that `docker events` has told. */
  events(): string[];
}

/** How the events of the day are written. */
export const eventFormat = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}';

/** Counts what `docker events` tells. */
export function dayOf({ said }: Going): Day {
  const events = () => said().split('\n').slice(0, -1);
  const asked = new Map<string, number>();
  return {
    events,
    async told(line) {
      const count = (asked.get(line) ?? 0) + 1;
      asked.set(line, count);
      await expect
        .poll(() => events().filter((each) => each === line).length, `docker events: ${line}`)
        .toBeGreaterThanOrEqual(count);
    },
  };
}

/** Fetches a published page. */
export async function fetched(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return answer.text();
}

/** A published page, once its server is up; not up, and why, until then. */
export const served = (url: string) => fetched(url).catch(String);

/** A link of the app's sidebar. */
export const section = (page: Page, name: string) =>
  page.getByRole('navigation', { name: /^(Sections|导航)$/ }).getByRole('link', { name });

/** The app's list, with nothing under the pointer. */
export async function toList(page: Page): Promise<void> {
  await page.keyboard.press('Control+1');
  await page.mouse.move(0, 0);
}

/** Closes what the app has told, which also goes by itself: one notice may do so under the pointer. */
export async function withoutNotices(page: Page): Promise<void> {
  const notices = page.getByRole('region', { name: /^Notices/ });
  const close = notices.getByRole('button', { name: 'Close' });
  await expect(async () => {
    if ((await close.count()) > 0) await close.first().click({ timeout: 1000 });
    await expect(notices.getByRole('listitem')).toHaveCount(0, { timeout: 500 });
  }).toPass({ timeout: 60_000 });
}

/** Picks an entry of a row's menu. */
export async function pick({ page, row }: Stage, name: string, entry: string): Promise<void> {
  await row(name).hover();
  await row(name).getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: new RegExp(`^${entry}`) }).click();
  await page.mouse.move(0, 0);
}

/** Presses a button that a row shows under the pointer. */
export async function press({ page, row }: Stage, name: string, button: string): Promise<void> {
  await row(name).hover();
  await row(name).getByRole('button', { name: button }).click();
  await page.mouse.move(0, 0);
}

/** The app's terminal in front, with a shell. */
export function inTerminal(page: Page) {
  const screen = page.locator('.xterm-rows');
  /**
   * Until the shell shows what is typed. busybox's asks for the place of the cursor at each prompt, and throws away what
   * comes close behind the answer.
   */
  const listens = async () => {
    await page.locator('.xterm-helper-textarea').focus();
    await expect(async () => {
      await page.keyboard.press('Control+u');
      await page.keyboard.type('x');
      await expect.poll(async () => (await screen.innerText()).trimEnd(), { timeout: 2000 }).toMatch(/[$#]\sx$/);
    }).toPass({ timeout: 60_000 });
    await page.keyboard.press('Control+u');
  };
  return {
    screen,
    listens,
    async type(line: string) {
      await listens();
      await page.keyboard.type(line);
      await page.keyboard.press('Enter');
    },
  };
}
