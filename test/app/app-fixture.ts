import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type ElectronApplication, _electron as electron, expect, type Page, test } from '@playwright/test';
import type { Bridge } from '../../electron/bridge/contract.ts';
import { type DockerCli, dockerCli } from '../docker-cli.ts';

declare global {
  interface Window {
    /** Put there by the preload script. */
    readonly beluga: Bridge;
  }
}

const repo = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** Where an engine has its data and its sockets. */
export interface Roots {
  dataRoot: string;
  runRoot: string;
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start these tests by npm test -- app`);
  return value;
}

/** The roots of the engine that runs already, whose socket is this user's. */
export const givenRoots = (): Roots => ({
  dataRoot: fromEnvironment('BELUGA_DATA_ROOT'),
  runRoot: fromEnvironment('BELUGA_RUN_ROOT'),
});

/** A new folder; whoever asks for it deletes it. */
export function scratchFolder(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `beluga-${name}-`));
}

let cliFolder: string | undefined;

/** The docker CLI's own folder, one for this process, deleted when it ends. */
function cliConfiguration(): string {
  if (cliFolder) return cliFolder;
  const folder = scratchFolder('docker');
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  cliFolder = folder;
  return folder;
}

/** The docker CLI for the engine of these roots. */
export function dockerOf({ runRoot }: Roots): DockerCli {
  return dockerCli(`unix://${path.join(runRoot, 'docker.sock')}`, cliConfiguration());
}

export interface OpenedApp {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** What the page complained of: errors, refusals by its policy. */
  readonly problems: readonly string[];
  /** Ends the process without asking anything. */
  close(): Promise<void>;
}

export interface AppOptions {
  roots: Roots;
  /** Chromium's folder; settings live there. One of its own, deleted at the end, when left out. */
  profile?: string;
  settings?: { language?: string; theme?: string; onQuit?: string };
  switches?: readonly string[];
}

const rootSwitches = () => (process.getuid?.() === 0 ? ['--no-sandbox'] : []);

/** Starts the real app, English unless the settings say otherwise, and waits for its window. */
export async function openApp(options: AppOptions): Promise<OpenedApp> {
  const profile = options.profile ?? scratchFolder('profile');
  const settingsFile = path.join(profile, 'settings.json');
  if (options.settings || !existsSync(settingsFile))
    writeFileSync(settingsFile, JSON.stringify({ language: 'en', theme: 'light', ...options.settings }));
  const app = await electron.launch({
    executablePath: fromEnvironment('BELUGA_ELECTRON'),
    cwd: repo,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      ...rootSwitches(),
      '--disable-gpu',
      `--user-data-dir=${profile}`,
      `--beluga-data-root=${options.roots.dataRoot}`,
      `--beluga-run-root=${options.roots.runRoot}`,
      ...(options.switches ?? []),
      repo,
    ],
  });
  if (!options.profile)
    app.once('close', () => rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const problems: string[] = [];
  const page = await app.firstWindow();
  // shorter than a test may take: what waits in vain is named, and not only the test that it ended
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  return {
    app,
    page,
    problems,
    async close() {
      const ended = app.waitForEvent('close');
      await app.evaluate(({ app: main }) => main.exit(0)).catch(() => {});
      await ended;
    },
  };
}

/** Waits until the engine answers and the lists are there. */
export async function untilRunning(page: Page): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: /^(Engine running|引擎运行中)$/ })).toBeVisible({
    timeout: 60_000,
  });
}

/** Removes every container and image of an engine. */
export async function emptyEngine(docker: DockerCli): Promise<void> {
  const lines = (words: string) => words.split('\n').filter(Boolean);
  const containers = lines(await docker('ps', '-aq'));
  if (containers.length > 0) await docker('rm', '-f', ...containers);
  const images = lines(await docker('images', '-aq'));
  if (images.length > 0) await docker('rmi', '-f', ...new Set(images));
}

/** `docker ARGS` on the engine that runs already. */
type Docker = (...args: string[]) => Promise<string>;

export interface Story {
  readonly docker: Docker;
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly problems: readonly string[];
}

/**
 * The app on the engine that runs already, opened before the first test of a file and closed after the last: each test goes
 * on where the one before it ended. The engine is emptied before and after; `before` puts there what the story begins with.
 */
export function openStory({
  settings,
  before = async () => {},
}: Pick<AppOptions, 'settings'> & { before?: (docker: Docker) => Promise<void> } = {}): Story {
  test.describe.configure({ mode: 'serial' });
  let opened: OpenedApp | undefined;
  // looked up when it is called: a file is also read where no engine runs
  const docker: Docker = (...args) => dockerOf(givenRoots())(...args);
  const empty = () => emptyEngine(dockerOf(givenRoots()));
  const running = (): OpenedApp => {
    if (!opened) throw new Error('the app opens before the first test');
    return opened;
  };
  test.beforeAll(async () => {
    await empty();
    await before(docker);
    opened = await openApp({ roots: givenRoots(), ...(settings && { settings }) });
    await untilRunning(opened.page);
  });
  test.afterAll(async () => {
    await opened?.close();
    await empty();
  });
  return {
    docker,
    get app() {
      return running().app;
    },
    get page() {
      return running().page;
    },
    get problems() {
      return running().problems;
    },
  };
}

/** Goes to a page by its address in the window. */
export async function goTo(page: Page, route: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash;
  }, `#${route}`);
}

/** A picture for people, beside the test results. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = path.join(test.info().project.outputDir, 'screens');
  mkdirSync(folder, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** Serious and critical faults that axe finds on what is shown now. */
export async function seriousFaults(page: Page): Promise<string[]> {
  // the usual mode finishes in a further page, which Electron cannot open
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
}

/** A field of `/proc/PID/status`. */
export const statusOf = (pid: number, field: string) =>
  new RegExp(`^${field}:\\s*(.+)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
