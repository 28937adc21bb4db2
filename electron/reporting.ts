import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BrowserWindow } from 'electron';
import type { Failure } from './bridge/failure.ts';
import type { EngineState } from './bridge/host.ts';
import type { OurEngine } from './hosts/our-engine.ts';
import type { Switches } from './switches.ts';
import { makeWelcome } from './welcome.ts';

/** One line of `--beluga-report`. */
type Report =
  | {
      readonly event: 'ready';
      readonly engine: EngineState;
      readonly containers: readonly { readonly name: string; readonly state: string; readonly image: string }[];
      readonly welcomeFailure?: Failure;
      readonly screenshot?: string;
    }
  | { readonly event: 'already-running' }
  | { readonly event: 'engine-failed'; readonly reason: Failure | undefined; readonly screenshot?: string };

/** Writes a line for the scripts that started the app. */
export function report(line: Report): void {
  process.stdout.write(`beluga-report ${JSON.stringify(line)}\n`);
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** How long the page may take to draw what is awaited before the picture is taken all the same, milliseconds. */
const DRAW_LIMIT = 20_000;

/** Resolves when the page shows each of `texts`. Runs in the page. */
function untilShown(texts: readonly string[]): string {
  return `new Promise((resolve) => {
    const shown = () => ${JSON.stringify(texts)}.every((text) => document.body.innerText.includes(text));
    const done = () => { observer.disconnect(); clearTimeout(timer); requestAnimationFrame(() => requestAnimationFrame(() => resolve(shown()))); };
    const observer = new MutationObserver(() => { if (shown()) done(); });
    const timer = setTimeout(done, ${DRAW_LIMIT});
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    if (shown()) done();
  })`;
}

/** Writes a picture of the window once it shows `texts`; false, and said why, when it could not. */
async function takeScreenshot(window: BrowserWindow, file: string, texts: readonly string[]): Promise<boolean> {
  try {
    await window.webContents.executeJavaScript(untilShown(texts));
    await window.webContents.executeJavaScript('document.fonts.ready.then(() => undefined)');
    const picture = await window.webContents.capturePage();
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, picture.toPNG());
    return true;
  } catch (error) {
    console.error(`The picture ${file} could not be taken: ${wordsOf(error)}`);
    return false;
  }
}

/** Resolves when the engine runs and its lists are read, or when it failed for good. */
async function untilSettled({ engine, state, changed }: OurEngine, signal: AbortSignal): Promise<void> {
  const isSettled = () => (engine.state.phase === 'running' && state.listed) || engine.state.phase === 'failed';
  while (!isSettled() && !signal.aborted) await changed.after(changed.count, signal);
}

/** Makes `welcome` where nothing is yet, and waits until it is seen to run. Returns why it could not be made. */
async function welcomeOn(
  { state, changed }: OurEngine,
  window: BrowserWindow,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  if (state.containers.size > 0 || state.images().length > 0) return undefined;
  const failure = await makeWelcome(window).catch(
    (error: unknown): Failure => ({ code: 'internal', message: wordsOf(error), params: {} }),
  );
  if (failure) return failure;
  const isStarted = () => [...state.containers.values()].some((each) => each.state !== 'created');
  while (!isStarted() && !signal.aborted) await changed.after(changed.count, signal);
  return undefined;
}

/** Does what the switches ask for once the engine is up or given up, and reports. */
export async function reportStart(
  { ours, window, switches }: { ours: OurEngine; window: BrowserWindow; switches: Switches },
  signal: AbortSignal,
): Promise<void> {
  await untilSettled(ours, signal);
  if (signal.aborted) return;
  const { engine, state } = ours;
  const failed = engine.state.phase === 'failed';
  const wanted = switches.welcome && switches.sampleImage !== undefined && !failed;
  const welcomeFailure = wanted ? await welcomeOn(ours, window, signal) : undefined;
  if (signal.aborted) return;
  const containers = [...state.containers.values()].map(({ name, state, image }) => ({ name, state, image }));
  const names = containers.slice(0, 1).map(({ name }) => name);
  const taken = switches.screenshot !== undefined && (await takeScreenshot(window, switches.screenshot, names));
  if (!switches.report) return;
  const picture = taken && switches.screenshot !== undefined ? { screenshot: switches.screenshot } : {};
  if (failed) report({ event: 'engine-failed', reason: engine.state.reason, ...picture });
  else {
    const welcome = welcomeFailure ? { welcomeFailure } : {};
    report({ event: 'ready', engine: engine.state, containers, ...welcome, ...picture });
  }
}
