import type { BuildMessage, CacheMiss, MissReason, PlannedStep } from '../build/build-service.ts';
import type { BuildRunStep } from './build-run-service.ts';
import type { SecretWords } from './secret-words.ts';
import { createStepLines, type StepLines } from './step-lines.ts';
import type { StepLog } from './step-logs.ts';

/** The steps of one build, and where their output goes. */
export interface StepBooks {
  plan(steps: readonly PlannedStep[]): void;
  tell(message: Extract<BuildMessage, { step: number }>): void;
  running(): BuildRunStep[];
  /** Steps that nobody had to look at, for what stands on them was there from before. */
  skipRest(): void;
  /** Resolves when its log is written. */
  end(step: BuildRunStep, state: BuildRunStep['state']): Promise<void>;
  /** Number of the one that was begun last. */
  current(): number;
  /** By number. */
  view(): BuildRunStep[];
}

interface StepBooksParts {
  secrets: SecretWords;
  openLog(step: number): StepLog;
}

const fresh = (number: number): BuildRunStep => ({
  ...{ number, words: '', lines: { first: 0, last: 0 }, after: [], makes: true },
  ...{ state: 'waiting', logLines: 0 },
});

/** Instructions may name what nobody should keep. */
function covered(miss: CacheMiss, { without }: SecretWords): CacheMiss {
  const texts = (reason: MissReason): MissReason =>
    reason.kind === 'instruction' ? { ...reason, from: without(reason.from), to: without(reason.to) } : reason;
  return { ...miss, reasons: miss.reasons.map(texts) };
}

export function createStepBooks({ secrets, openLog }: StepBooksParts): StepBooks {
  const steps = new Map<number, BuildRunStep>();
  const logs = new Map<number, { log: StepLog; lines: StepLines }>();
  let current = 0;

  const stepOf = (number: number): BuildRunStep => {
    const step = steps.get(number) ?? fresh(number);
    steps.set(number, step);
    return step;
  };
  const logOf = (number: number) => {
    const own = logs.get(number) ?? { log: openLog(number), lines: createStepLines() };
    logs.set(number, own);
    return own;
  };
  const begin = (step: BuildRunStep) => {
    if (step.startedAt !== undefined) return;
    step.state = 'running';
    step.startedAt = Date.now();
    current = step.number;
    // whoever reads it waits for what is to come
    logOf(step.number);
  };
  const write = (step: BuildRunStep, stream: 'stdout' | 'stderr', text: string) => {
    const at = Date.now() - (step.startedAt ?? 0);
    logOf(step.number).log.add({ at, stream, text: secrets.without(text) });
    step.logLines++;
  };
  const end = async (step: BuildRunStep, state: BuildRunStep['state']) => {
    step.state = state;
    step.endedAt = Date.now();
    const own = logs.get(step.number);
    for (const { stream, text } of own?.lines.rest() ?? []) write(step, stream, text);
    await own?.log.end();
  };
  return {
    plan(planned) {
      for (const { words, ...step } of planned)
        Object.assign(stepOf(step.number), { ...step, words: secrets.without(words) });
    },
    tell(message) {
      const step = stepOf(message.step);
      if ('missed' in message) {
        step.missed = covered(message.missed, secrets);
        return;
      }
      if ('started' in message && step.words === '') step.words = secrets.without(message.started.words);
      begin(step);
      if ('log' in message) {
        const { stream, data } = message.log;
        for (const text of logOf(step.number).lines.add(stream, data)) write(step, stream, text);
      }
      if ('done' in message) {
        step.cached = message.done.cached;
        void end(step, 'done');
      }
    },
    skipRest() {
      for (const step of steps.values())
        if (step.state === 'waiting') Object.assign(step, { state: 'done', cached: step.makes });
    },
    running: () => [...steps.values()].filter(({ state }) => state === 'running'),
    end,
    current: () => current,
    view: () => [...steps.values()].sort((a, b) => a.number - b.number).map((step) => ({ ...step })),
  };
}
