import type { StageGroup } from './stage-groups.ts';

/** What a step needs of another: `within` a stage what stands above it, else the `base` of its stage, or its `files`. */
export interface GraphEdge {
  readonly kind: 'within' | 'base' | 'files';
  /** Numbers of steps. */
  readonly from: number;
  readonly to: number;
}

/** The stage that another begins with, where its FROM names an earlier one: by name, whatever its letters. */
function baseOf(stages: readonly StageGroup[], at: number): number | undefined {
  const wanted = stages[at]?.base.toLowerCase();
  // of stages with the same name the last one before it counts
  const found = stages.slice(0, at).findLastIndex(({ name }) => name !== undefined && name.toLowerCase() === wanted);
  return found < 0 ? undefined : found;
}

/** Stages that a stage stands on, the nearest first. */
function below(bases: readonly (number | undefined)[], at: number): number[] {
  const base = bases[at];
  return base === undefined ? [] : [base, ...below(bases, base)];
}

/**
 * Every edge of the graph. The engine tells what a step begins with and takes files from (`after`); of a stage that stands on
 * another the first step that makes files tells the base, which is drawn into FROM instead. Pure.
 */
export function graphEdges(stages: readonly StageGroup[]): readonly GraphEdge[] {
  const stageOf = new Map(stages.flatMap(({ steps }, at) => steps.map(({ number }) => [number, at] as const)));
  const bases = stages.map((_, at) => baseOf(stages, at));
  return stages.flatMap(({ steps }, at): GraphEdge[] => {
    const within = steps.slice(1).map(({ number }, index) => {
      const from = steps[index]?.number ?? number;
      return { kind: 'within', from, to: number } as const;
    });
    const head = steps[0]?.number;
    const end = stages[bases[at] ?? -1]?.steps.at(-1)?.number;
    const base = head === undefined || end === undefined ? [] : [{ kind: 'base', from: end, to: head } as const];
    const standsOn = below(bases, at);
    const first = steps.find(({ makes }) => makes)?.number;
    const files = steps.flatMap(({ number, after }) =>
      after
        .filter((from) => stageOf.has(from) && stageOf.get(from) !== at)
        .filter((from) => !(number === first && standsOn.includes(stageOf.get(from) ?? -1)))
        .map((from) => ({ kind: 'files', from, to: number }) as const),
    );
    return [...within, ...base, ...files];
  });
}

/** Where an arrow key leads from a step: to what it needs of another stage, or to what needs it there. Pure. */
export function acrossFrom(
  stages: readonly StageGroup[],
  edges: readonly GraphEdge[],
  { number, side }: { number: number; side: 'needs' | 'needed' },
): number | undefined {
  const across = edges.filter(({ kind }) => kind !== 'within');
  const [own, other] = side === 'needs' ? (['to', 'from'] as const) : (['from', 'to'] as const);
  const stage = stages.find(({ steps }) => steps.some((step) => step.number === number));
  const inStage = (step: number) => stage?.steps.some((each) => each.number === step) ?? false;
  // a step without an edge of its own goes where its stage goes
  return (across.find((edge) => edge[own] === number) ?? across.find((edge) => inStage(edge[own])))?.[other];
}
