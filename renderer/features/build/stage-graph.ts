import type { BuildStep } from '../../../electron/bridge/builds.ts';
import { type StageGroup, stageGroups } from './stage-groups.ts';

/** Pixels. */
export const nodeWidth = 224;
export const stepHeight = 20;
const headHeight = 28;
const padding = 6;
const gap = { column: 40, row: 16, platform: 40 };
/** From a box's top to where its lines begin. */
const anchor = 14;

export interface StageNode {
  readonly group: StageGroup;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface StageEdge {
  readonly from: number;
  readonly to: number;
  /** Of an SVG path. */
  readonly path: string;
}

export interface StageGraph {
  readonly nodes: readonly StageNode[];
  readonly edges: readonly StageEdge[];
  /** Of several: where the stages of each begin. */
  readonly platforms: readonly { readonly name: string; readonly y: number }[];
  readonly width: number;
  readonly height: number;
}

const heightOf = ({ steps }: StageGroup) => headHeight + steps.length * stepHeight + padding;

/**
 * Stages as boxes in columns, each right of those that it begins with or takes files from; below each other those that wait for
 * nobody. Of several platforms one below the other. Pure.
 * @param platforms of the build, when it has several
 */
export function stageGraph(steps: readonly BuildStep[], platforms: readonly string[]): StageGraph {
  const groups = stageGroups(steps);
  const links = linksOf(groups);
  const nodes: StageNode[] = [];
  const titles: { name: string; y: number }[] = [];
  let top = 0;
  for (const platform of ['', ...platforms]) {
    const own = groups.filter((group) => platformOf(group, platforms) === platform);
    if (own.length === 0) continue;
    if (platform !== '') {
      titles.push({ name: platform, y: top });
      top += headHeight;
    }
    const placed = place(own, links, top);
    nodes.push(...placed);
    top = Math.max(...placed.map(({ y, height }) => y + height)) + gap.platform;
  }
  const at = new Map(nodes.map((node) => [node.group.key, node]));
  const edges = [...links].flatMap(([to, before]) => [...before].map((from) => edgeOf(at.get(from), at.get(to))));
  return {
    nodes,
    edges: edges.filter((edge) => edge !== undefined),
    platforms: titles,
    width: Math.max(0, ...nodes.map(({ x }) => x + nodeWidth)),
    height: Math.max(0, ...nodes.map(({ y, height }) => y + height)),
  };
}

const platformOf = ({ steps: [first] }: StageGroup, platforms: readonly string[]) =>
  platforms.find((name) => first?.stage?.split(' ')[0] === name) ?? '';

/** By their keys: the stages that each one needs. */
function linksOf(groups: readonly StageGroup[]): ReadonlyMap<number, ReadonlySet<number>> {
  const stageOf = new Map(groups.flatMap(({ key, steps }) => steps.map(({ number }) => [number, key] as const)));
  return new Map(
    groups.map(({ key, steps }) => {
      const needed = steps.flatMap(({ after }) => after.map((number) => stageOf.get(number)));
      return [key, new Set(needed.filter((other) => other !== undefined && other !== key) as number[])];
    }),
  );
}

function place(groups: readonly StageGroup[], links: ReadonlyMap<number, ReadonlySet<number>>, top: number) {
  const columns = new Map<number, number>();
  // stages only need stages that stand before them
  for (const { key } of groups) {
    const before = [...(links.get(key) ?? [])].map((other) => columns.get(other) ?? 0);
    columns.set(key, before.length === 0 ? 0 : Math.max(...before) + 1);
  }
  const bottoms = new Map<number, number>();
  return groups.map((group): StageNode => {
    const column = columns.get(group.key) ?? 0;
    const y = bottoms.get(column) ?? top;
    const height = heightOf(group);
    bottoms.set(column, y + height + gap.row);
    return { group, x: column * (nodeWidth + gap.column), y, height };
  });
}

/** From the right of one to the left of the other; the way down or up lies in the gap before the other. */
function edgeOf(from: StageNode | undefined, to: StageNode | undefined): StageEdge | undefined {
  if (!from || !to) return undefined;
  const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + anchor, to.x, to.y + anchor];
  const turn = x2 - gap.column / 2;
  const bend = Math.min(6, Math.abs(y2 - y1) / 2);
  const down = Math.sign(y2 - y1);
  const path =
    y1 === y2
      ? `M${x1} ${y1}H${x2}`
      : `M${x1} ${y1}H${turn - bend}Q${turn} ${y1} ${turn} ${y1 + down * bend}V${y2 - down * bend}Q${turn} ${y2} ${turn + bend} ${y2}H${x2}`;
  return { from: from.group.key, to: to.group.key, path };
}

export type StageState = 'waiting' | 'running' | 'failed' | 'cancelled' | 'cached' | 'done';

/** What all of its steps together are. Pure. */
export function stageState({ steps }: Pick<StageGroup, 'steps'>): StageState {
  const has = (state: BuildStep['state']) => steps.some((step) => step.state === state);
  if (has('failed')) return 'failed';
  if (has('running')) return 'running';
  if (has('cancelled')) return 'cancelled';
  if (steps.every(({ state }) => state === 'waiting')) return 'waiting';
  if (has('waiting')) return 'running';
  return steps.filter(({ makes }) => makes).every(({ cached }) => cached) ? 'cached' : 'done';
}

/** Milliseconds that the steps of a stage took, those that were not cached; undefined where none has begun. Pure. */
export function stageTook({ steps }: Pick<StageGroup, 'steps'>, now: number): number | undefined {
  const ran = steps.filter(({ startedAt, cached }) => startedAt !== undefined && !cached);
  if (ran.length === 0) return undefined;
  const from = Math.min(...ran.map(({ startedAt = now }) => startedAt));
  return Math.max(...ran.map(({ endedAt = now }) => endedAt)) - from;
}
