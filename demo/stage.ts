import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { type AppOptions, dockerOf, givenRoots, type OpenedApp, openApp } from '../test/app/app-fixture.ts';
import type { Going } from '../test/docker-cli.ts';
import { type TerminalClient, terminalClient } from '../test/terminal-client.ts';
import { createStepRunner, type StepRunner } from './step-runner.ts';

/** What a story plays on: the real app, the stock CLI, and the runner of its steps. */
export interface Stage {
  readonly page: Page;
  readonly app: OpenedApp['app'];
  /** What the page complained of. */
  readonly problems: readonly string[];
  step: StepRunner['step'];
  record: StepRunner['record'];
  /** A folder of the story's own, deleted after it. */
  readonly scratch: string;
  /** The engine's socket. */
  readonly socket: string;
  /** Runs `docker ARGS` to its end; gives its standard output. @throws Error when it fails */
  docker(...args: string[]): Promise<string>;
  /** Runs `docker ARGS` beside the story; ended with the stage at the latest. */
  start(...args: string[]): Going;
  /** Runs `docker ARGS` at a terminal of its own; ended with the stage at the latest. */
  terminal(...args: string[]): TerminalClient;
  /** The row of a container or image in the list: by its name, or by `NAME, STATE`. */
  row(name: string): Locator;
  /** Has this done when the story is over, whatever came of it. */
  atEnd(end: () => void): void;
  /** Ends what the story left running. */
  close(): Promise<void>;
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start this by npm run demo`);
  return value;
}

/** As it would be typed. */
const typed = (args: readonly string[]) =>
  ['docker', ...args]
    .map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');

/** The stock CLI: what it said goes into the report. */
function commands(
  roots: AppOptions['roots'],
  runner: StepRunner,
  atEnd: Stage['atEnd'],
): Pick<Stage, 'docker' | 'start' | 'terminal' | 'socket'> {
  const cli = dockerOf(roots);
  const socket = path.join(roots.runRoot, 'docker.sock');
  return {
    socket,
    async docker(...args) {
      const { code, stdout, stderr } = await cli.run(args, { exits: 'any' });
      runner.record(typed(args), `${stdout}${stderr}`);
      if (code !== 0) throw new Error(`${typed(args)} ended with ${code}: ${stderr}`);
      return stdout.trimEnd();
    },
    start(...args) {
      const going = cli.start(args, { boundMs: 0 });
      runner.follow(typed(args), going.said);
      atEnd(() => going.child.kill('SIGKILL'));
      return going;
    },
    terminal(...args) {
      const client = terminalClient(`unix://${socket}`, args);
      runner.follow(`${typed(args)}   # at a terminal`, client.said);
      let over = false;
      void client.ended.then(() => {
        over = true;
      });
      atEnd(() => {
        if (!over) client.kill();
      });
      return client;
    },
  };
}

/** Opens the app on the engine that runs, and everything else that a story needs. */
export async function openStage(): Promise<Stage> {
  const roots = givenRoots();
  // beside the roots, so that it goes with them however this process ends
  const scratch = path.join(path.dirname(roots.dataRoot), 'story');
  const profile = path.join(scratch, 'profile');
  mkdirSync(profile, { recursive: true });
  const opened = await openApp({ roots, profile });
  const { page } = opened;
  const runner = createStepRunner({
    out: fromEnvironment('BELUGA_DEMO_OUT'),
    steps: fromEnvironment('BELUGA_DEMO_STEPS'),
    async picture(file) {
      await page.evaluate(() => document.fonts.ready);
      // whatever moves has arrived
      await page.screenshot({ path: file, animations: 'disabled', timeout: 30_000 });
    },
  });
  const enders: (() => void)[] = [];
  const atEnd: Stage['atEnd'] = (end) => void enders.push(end);
  const endAll = () => {
    for (const end of enders.splice(0)) end();
  };
  process.once('exit', endAll);
  return {
    page,
    app: opened.app,
    problems: opened.problems,
    step: runner.step,
    record: runner.record,
    scratch,
    ...commands(roots, runner, atEnd),
    row: (name) => page.getByRole('row', { name: new RegExp(`^${name}(?:$|,)`) }),
    atEnd,
    async close() {
      endAll();
      await opened.close();
    },
  };
}
