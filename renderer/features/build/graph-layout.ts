import type { GraphEdge } from './graph-edges.ts';
import type { StageGroup } from './stage-groups.ts';

/** Pixels. */
export const NODE = 28;
export const HEAD = 44;
const BETWEEN_NODES = 10;
const BETWEEN_STAGES = 28;
const EDGE = 16;
const TOP = 12;
/** Between two columns: at least so much, and for each line that goes down in it so much more. */
const GAP = 40;
const LANE = 8;
const TURN = 8;
const NARROWEST = 168;
const WIDEST = 300;

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedStage extends Point {
  readonly stage: StageGroup;
  /** What it needs stands further to the left. */
  readonly column: number;
  readonly height: number;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly nodeWidth: number;
  readonly stages: readonly PlacedStage[];
  /** Upper left corners, by the number of the step. */
  readonly nodes: ReadonlyMap<number, Point>;
  /** Each with the line that draws it: the `d` of a path. */
  readonly lines: readonly { readonly edge: GraphEdge; readonly d: string; readonly end: Point }[];
}

const heightOf = ({ steps }: StageGroup) => HEAD + steps.length * (NODE + BETWEEN_NODES) - BETWEEN_NODES;

/** Columns by how many stages have to be there before: a stage stands right of everything that it needs. */
function columnsOf(stages: readonly StageGroup[], edges: readonly GraphEdge[]): number[] {
  const stageOf = new Map(stages.flatMap(({ steps }, at) => steps.map(({ number }) => [number, at] as const)));
  const columns: number[] = [];
  for (const [at, { steps }] of stages.entries()) {
    const own = new Set(steps.map(({ number }) => number));
    const needed = edges.filter(({ kind, to }) => kind !== 'within' && own.has(to));
    const before = needed.map(({ from }) => columns[stageOf.get(from) ?? at] ?? -1);
    columns.push(Math.max(-1, ...before) + 1);
  }
  return columns;
}

/** A line through points that lie beside or above one another, with round corners. */
function roundLine(points: readonly Point[]): string {
  const parts = points.map((point, at) => {
    const [before, after] = [points[at - 1], points[at + 1]];
    if (!before) return `M${point.x} ${point.y}`;
    if (!after) return `L${point.x} ${point.y}`;
    const far = (other: Point) => Math.abs(other.x - point.x) + Math.abs(other.y - point.y);
    const turn = Math.min(TURN, far(before) / 2, far(after) / 2);
    const toward = (other: Point) => {
      const x = point.x + Math.sign(other.x - point.x) * turn;
      const y = point.y + Math.sign(other.y - point.y) * turn;
      return `${x} ${y}`;
    };
    return `L${toward(before)}Q${point.x} ${point.y} ${toward(after)}`;
  });
  return parts.join('');
}

/** Where a line goes from one column to another. */
interface Route {
  readonly edge: GraphEdge;
  readonly fromColumn: number;
  readonly toColumn: number;
}

/** The lines that go down between two columns, each in a lane; those from one step share theirs. */
function lanesOf(routes: readonly Route[], columns: number): readonly (readonly number[])[] {
  return Array.from({ length: columns }, (_, gap) => {
    const leaving = routes.filter(({ fromColumn }) => fromColumn === gap).map(({ edge }) => edge.from);
    const coming = routes.filter(({ fromColumn, toColumn }) => toColumn - 1 === gap && fromColumn !== gap);
    return [...new Set([...leaving, ...coming.map(({ edge }) => -edge.to)])];
  });
}

interface Grid {
  readonly nodeWidth: number;
  /** Left edges of the columns. */
  readonly lefts: readonly number[];
  /** How far down each goes. */
  readonly bottoms: readonly number[];
  readonly lanes: readonly (readonly number[])[];
  readonly nodes: ReadonlyMap<number, Point>;
}

function pointsOf({ edge, fromColumn, toColumn }: Route, grid: Grid, track: number): readonly Point[] {
  const { lefts, lanes, nodes, nodeWidth, bottoms } = grid;
  const source = nodes.get(edge.from) ?? { x: 0, y: 0 };
  const target = nodes.get(edge.to) ?? { x: 0, y: 0 };
  const start = { x: source.x + nodeWidth, y: source.y + NODE / 2 };
  const end = { x: target.x, y: target.y + NODE / 2 };
  const lane = (gap: number, key: number) =>
    (lefts[gap] ?? 0) + nodeWidth + GAP / 2 + ((lanes[gap] ?? []).indexOf(key) - 0.5) * LANE;
  const out = lane(fromColumn, edge.from);
  if (toColumn === fromColumn + 1) return [start, { x: out, y: start.y }, { x: out, y: end.y }, end];
  // beneath everything that stands between
  const deepest = Math.max(...bottoms.slice(fromColumn + 1, toColumn));
  const into = lane(toColumn - 1, -edge.to);
  const y = start.y > deepest + LANE ? start.y : deepest + LANE * (2 + track);
  const down = y === start.y ? [] : [{ x: out, y: start.y }];
  return [start, ...down, ...(down.length > 0 ? [{ x: out, y }] : []), { x: into, y }, { x: into, y: end.y }, end];
}

const distinct = (points: readonly Point[]) =>
  points.filter(({ x, y }, at) => at === 0 || points[at - 1]?.x !== x || points[at - 1]?.y !== y);

/** Stages in their columns, one under the other where a column has several. */
function place(stages: readonly StageGroup[], columns: readonly number[], lefts: readonly number[]) {
  const bottoms: number[] = lefts.map(() => TOP - BETWEEN_STAGES);
  const nodes = new Map<number, Point>();
  const placed = stages.map((stage, at): PlacedStage => {
    const column = columns[at] ?? 0;
    const x = lefts[column] ?? 0;
    const y = (bottoms[column] ?? 0) + BETWEEN_STAGES;
    const height = heightOf(stage);
    bottoms[column] = y + height;
    for (const [row, { number }] of stage.steps.entries())
      nodes.set(number, { x, y: y + HEAD + row * (NODE + BETWEEN_NODES) });
    return { stage, column, x, y, height };
  });
  return { placed, nodes, bottoms };
}

/** Where everything stands in a window so wide; wider than it, where the stages need it. Pure. */
export function layoutGraph(
  stages: readonly StageGroup[],
  edges: readonly GraphEdge[],
  available: number,
): GraphLayout {
  const columns = columnsOf(stages, edges);
  const count = Math.max(0, ...columns) + 1;
  const columnOf = new Map(stages.flatMap(({ steps }, at) => steps.map((step) => [step.number, columns[at] ?? 0])));
  const across = edges.filter(({ kind }) => kind !== 'within');
  const routes = across.map((edge) => {
    const [fromColumn, toColumn] = [columnOf.get(edge.from) ?? 0, columnOf.get(edge.to) ?? 0];
    return { edge, fromColumn, toColumn };
  });
  const lanes = lanesOf(routes, count);
  const gaps = lanes.slice(0, count - 1).map((keys) => GAP + Math.max(0, keys.length - 2) * LANE);
  const free = available - 2 * EDGE - gaps.reduce((sum, gap) => sum + gap, 0);
  const nodeWidth = Math.floor(Math.min(WIDEST, Math.max(NARROWEST, free / count)));
  const lefts = Array.from({ length: count }, (_, column) => {
    const before = gaps.slice(0, column).reduce((sum, gap) => sum + gap, 0);
    return EDGE + column * nodeWidth + before;
  });
  const { placed, nodes, bottoms } = place(stages, columns, lefts);
  const grid = { nodeWidth, lefts, bottoms, lanes, nodes };
  const far = routes.filter(({ fromColumn, toColumn }) => toColumn > fromColumn + 1);
  const lines = routes.map((route) => {
    const points = distinct(pointsOf(route, grid, far.indexOf(route)));
    return { edge: route.edge, d: roundLine(points), end: points.at(-1) ?? { x: 0, y: 0 } };
  });
  const inside = edges
    .filter(({ kind }) => kind === 'within')
    .map((edge) => {
      const { x, y } = nodes.get(edge.to) ?? { x: 0, y: 0 };
      return { edge, d: `M${x + 16} ${y - BETWEEN_NODES}V${y}`, end: { x: x + 16, y } };
    });
  return {
    width: (lefts.at(-1) ?? 0) + nodeWidth + EDGE,
    height: Math.max(...bottoms) + LANE * (2 + far.length) + EDGE,
    ...{ nodeWidth, nodes, stages: placed, lines: [...inside, ...lines] },
  };
}
