import type { BuildLogLine, BuildStep } from '../bridge/builds.ts';

/** What the words of the classic builder come to: its steps, one after the other. */
export interface ClassicSteps {
  add(text: string): void;
  /** The step that runs has ended so. */
  end(state: 'done' | 'failed' | 'cancelled'): void;
  steps(): readonly BuildStep[];
  readonly total: number;
  log(step: number): readonly BuildLogLine[];
}

/** Lines of a step that are kept. */
const MOST_LINES = 5000;

/** @param now milliseconds since the epoch */
export function createClassicSteps(now: () => number = Date.now): ClassicSteps {
  const steps: BuildStep[] = [];
  const logs = new Map<number, BuildLogLine[]>();
  let total = 0;
  let open = '';

  const change = (part: Partial<BuildStep>) => {
    const last = steps.pop();
    if (last) steps.push({ ...last, ...part });
  };
  const end = (state: BuildStep['state']) => {
    if (steps.at(-1)?.state === 'running') change({ state, endedAt: now() });
  };
  const begin = (number: number, words: string) => {
    end('done');
    const place = { lines: { first: 0, last: 0 }, after: number > 1 ? [number - 1] : [] };
    const makes = /^(?:from|run|copy|add|workdir)\b/i.test(words);
    steps.push({ number, words, ...place, makes, state: 'running', startedAt: now(), cached: false, logLines: 0 });
  };
  const line = (text: string) => {
    const [, number, of, words] = /^Step (\d+)\/(\d+) : (.*)$/.exec(text) ?? [];
    if (number !== undefined) {
      total = Number(of);
      return begin(Number(number), words ?? '');
    }
    if (text === ' ---> Using cache') return change({ cached: true });
    if (/^ ---> |^Removing intermediate container /.test(text) || text === '') return;
    const step = steps.at(-1);
    if (!step) return;
    const own = logs.get(step.number) ?? [];
    logs.set(step.number, own);
    own.push({ at: now() - (step.startedAt ?? now()), stream: 'stdout', text: text.split('\r').at(-1) ?? '' });
    if (own.length > MOST_LINES) own.shift();
    change({ logLines: own.length });
  };
  return {
    add(text) {
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      for (const each of lines) line(each);
    },
    end(state) {
      if (open !== '') line(open);
      open = '';
      end(state);
    },
    steps: () => steps,
    get total() {
      return total;
    },
    log: (step) => logs.get(step) ?? [],
  };
}
