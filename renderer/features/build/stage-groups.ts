import i18next from 'i18next';
import type { BuildStep } from '../../../electron/bridge/builds.ts';

export interface StageGroup {
  /** The number of its first step. */
  readonly key: number;
  /** As the Dockerfile names it; absent of one without a name. */
  readonly name?: string;
  /** What it begins with. */
  readonly base: string;
  readonly steps: readonly BuildStep[];
  /** From 0. */
  readonly at: number;
  /** The image is made of it. */
  readonly isLast: boolean;
}

/** A stage without a name is called by its number, as the engine does; the last one is the result. */
export function stageName({ name, at, isLast }: StageGroup): string {
  return name ?? (isLast ? i18next.t('builds.graph.result') : `stage-${at}`);
}

const fromWords = /^from\s+(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?/i;

/** Steps by their stages, in the order of the Dockerfile; steps before the first FROM belong to it. Pure. */
export function stageGroups(steps: readonly BuildStep[]): readonly StageGroup[] {
  const groups: { key: number; name?: string; base: string; steps: BuildStep[] }[] = [];
  for (const step of steps) {
    const [isFrom, base = '', name] = fromWords.exec(step.words) ?? [];
    const last = groups.at(-1);
    if (last && (isFrom === undefined || last.base === '')) {
      last.steps.push(step);
      if (isFrom !== undefined) Object.assign(last, { base, ...(name !== undefined && { name }) });
    } else groups.push({ key: step.number, base, ...(name !== undefined && { name }), steps: [step] });
  }
  return groups.map((group, at) => ({ ...group, at, isLast: at === groups.length - 1 }));
}

/** The step that is looked at unless somebody chose one: what failed, what runs, else the last that has said something. */
export function stepOfInterest(steps: readonly BuildStep[]): number | undefined {
  const failed = steps.find(({ state }) => state === 'failed');
  const running = steps.findLast(({ state }) => state === 'running');
  const spoke = steps.findLast(({ logLines }) => logLines > 0);
  return (failed ?? running ?? spoke ?? steps.at(-1))?.number;
}

/** `RUN` and the rest of an instruction. */
export function instructionOf(words: string): { word: string; rest: string } {
  const [, word = '', rest = ''] = /^([A-Za-z]+)\b(.*)$/s.exec(words) ?? ['', '', words];
  return { word, rest };
}

/** Ticks of a time axis, milliseconds: three at most, round. */
export function axisTicks(span: number): number[] {
  const steps = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000];
  const step = steps.find((each) => span / each < 3.5) ?? 3_600_000;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, at) => at * step);
}

/** Milliseconds that a step has taken, or takes until now; undefined before it has begun. */
export function tookOf({ startedAt, endedAt }: BuildStep, now: number): number | undefined {
  return startedAt === undefined ? undefined : Math.max(0, (endedAt ?? now) - startedAt);
}
