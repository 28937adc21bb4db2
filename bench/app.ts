import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '../test/wait-until.ts';
import { percentile } from './figures.ts';
import { interleave, type Measure } from './measure.ts';

const repo = path.resolve(fileURLToPath(new URL('..', import.meta.url)));
const containers = 20;

/** In the page: when it began, milliseconds since 1970; when it had its parts, from there; how many rows its first list has. */
const whenListed = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const [mark] = list.getEntriesByName('containers-listed');
    if (!mark) return;
    const rows = document.querySelectorAll('[role=row]:not(:has([role=columnheader]))').length;
    const [{ responseEnd, domContentLoadedEventStart }] = performance.getEntriesByType('navigation');
    const parts = { document: responseEnd, scripts: domContentLoadedEventStart, list: mark.startTime };
    resolve({ began: performance.timeOrigin, parts, rows });
  }).observe({ type: 'mark', buffered: true });
})`;

interface Target {
  type: string;
  url: string;
  webSocketDebuggerUrl: string;
}

interface Listed {
  began: number;
  parts: { document: number; scripts: number; list: number };
  rows: number;
}

/** The address at which the app lets itself be looked into. */
function debuggerOf(app: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    app.once('exit', (code) => reject(new Error(`the app ended with ${code}`)));
    if (app.stderr)
      createInterface({ input: app.stderr }).on('line', (line) => {
        const found = /^DevTools listening on ws:\/\/([^/]+)\//.exec(line)?.[1];
        if (found) resolve(found);
      });
  });
}

/** Evaluates an expression in the page and waits for its promise (Chrome DevTools Protocol). @throws Error also while there is no page */
async function inPage<T>(address: string, expression: string): Promise<T> {
  const targets = (await (await fetch(`http://${address}/json/list`)).json()) as Target[];
  const target = targets.find(({ type, url }) => type === 'page' && url.startsWith('app:'));
  if (!target) throw new Error('the app has no page yet');
  const page = new WebSocket(target.webSocketDebuggerUrl);
  try {
    await once(page, 'open');
    const params = { expression, awaitPromise: true, returnByValue: true };
    page.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
    const [{ data }] = (await once(page, 'message')) as [MessageEvent<string>];
    const { result } = JSON.parse(data) as { result?: { result: { value: T }; exceptionDetails?: unknown } };
    if (!result || result.exceptionDetails) throw new Error(`the page could not say it: ${data}`);
    return result.result.value;
  } finally {
    page.close();
  }
}

/** Starts the app as it was built, and ends it. @returns milliseconds from the start of its process */
async function coldStart(root: string): Promise<{ page: number } & Listed['parts']> {
  const electron = process.env.BELUGA_ELECTRON;
  if (!electron) throw new Error('BELUGA_ELECTRON is not set: use npm run bench');
  const began = performance.timeOrigin + performance.now();
  const app = spawn(
    electron,
    [
      ...['--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${root}/profile`],
      ...[`--beluga-data-root=${root}/data`, `--beluga-run-root=${root}/run`, repo],
    ],
    { cwd: repo, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(app, 'exit');
  try {
    const address = await debuggerOf(app);
    const {
      began: page,
      parts,
      rows,
    } = await waitUntil('the list is drawn', () => inPage<Listed>(address, whenListed));
    if (rows < 1) throw new Error('the list that was drawn is empty');
    const begins = page - began;
    const { document, scripts, list } = parts;
    return { page: begins, document: begins + document, scripts: begins + scripts, list: begins + list };
  } finally {
    app.kill('SIGTERM');
    await ended;
  }
}

/** Of the one that runs the app. */
function electronVersion(): string {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const words = ['-p', 'process.versions.electron'];
  return `Electron ${execFileSync(process.env.BELUGA_ELECTRON ?? '', words, { env, encoding: 'utf8' }).trim()}`;
}

/** The app's own start, with an engine that runs: there is no peer to compare it with. */
export const measureApp: Measure = {
  words: `From the start of the app's process (the unpacked build in the development runtime, with a profile that was used before) to the first list of ${containers} containers drawn in its window, while our engine runs; milliseconds. The virtual display draws without a graphics card.`,
  unit: 'ms',
  rounds: 10,
  opens: 'ours',
  async measure(engines, conditions) {
    const [ours] = engines;
    if (!ours) throw new Error('there is no engine');
    for (let made = 0; made < containers; made++) await ours.add('none', false);
    const root = path.join(conditions.root, ours.name);
    // one that is not counted: it makes the profile
    await coldStart(root);
    const row = { what: `${containers} containers`, engine: 'app', values: [] as number[] };
    const starts: Awaited<ReturnType<typeof coldStart>>[] = [];
    await interleave([row], conditions, async ({ values }) => {
      const start = await coldStart(root);
      starts.push(start);
      values.push(start.list);
    });
    const after = (part: 'page' | 'document' | 'scripts') =>
      percentile(
        starts.map((start) => start[part]),
        0.5,
      ).toFixed(0);
    const parts = `its page began after ${after('page')} ms, had its document after ${after('document')}, its scripts had run after ${after('scripts')}`;
    return [{ ...row, note: `${electronVersion()}; ${parts}` }];
  },
};
