import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildStep } from '../../../electron/bridge/builds.ts';
import { acrossFrom, graphEdges } from './graph-edges.ts';
import { layoutGraph, NODE } from './graph-layout.ts';
import { stageGroups } from './stage-groups.ts';

const step = (number: number, words: string, after: readonly number[] = [], makes = true): BuildStep => ({
  ...{ number, words, after, makes, state: 'waiting', logLines: 0 },
  lines: { first: number, last: number },
});

/** As the engine tells it: FROM of a stage makes nothing, what stands on it does. */
const stages = stageGroups([
  step(1, 'FROM sample AS base'),
  step(2, 'RUN one', [1]),
  step(3, 'FROM sample AS fonts'),
  step(4, 'RUN two', [3]),
  step(5, 'FROM Base AS compile', [], false),
  step(6, 'ENV A=b', [], false),
  step(7, 'RUN three', [2]),
  step(8, 'COPY --from=fonts /f /f', [4, 7]),
  step(9, 'FROM sample'),
  step(10, 'COPY --from=compile /a /a', [8, 9]),
  step(11, 'COPY --from=base /b /b', [2, 10]),
]);
const edges = graphEdges(stages);
const across = edges.filter(({ kind }) => kind !== 'within');

test('a line for what a stage stands on, and one for each step that files are taken from', () => {
  assert.deepEqual(across, [
    { kind: 'base', from: 2, to: 5 },
    { kind: 'files', from: 4, to: 8 },
    { kind: 'files', from: 8, to: 10 },
    { kind: 'files', from: 2, to: 11 },
  ]);
});

test('steps before the first FROM belong to its stage', () => {
  const [stage, ...others] = stageGroups([step(1, 'ARG V=1', [], false), step(2, 'FROM a AS b', []), step(3, 'RUN c')]);
  assert.deepEqual([stage?.name, stage?.base, stage?.steps.length, others], ['b', 'a', 3, []]);
});

test('a stage stands right of what it needs, nothing lies over another, and no line goes through a step', () => {
  const { stages: placed, nodes, lines, nodeWidth, height, width } = layoutGraph(stages, edges, 640);
  assert.deepEqual(
    placed.map(({ column }) => column),
    [0, 0, 1, 2],
  );
  const [base, fonts] = placed;
  assert.ok(base && fonts && fonts.y >= base.y + base.height);
  for (const { edge, d } of lines.filter((line) => line.edge.kind !== 'within')) {
    const own = [edge.from, edge.to];
    const numbers = [...d.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
    for (const [at, end] of numbers.entries()) {
      const start = numbers[at - 1] ?? end;
      assert.ok(end.x >= 0 && end.x <= width && end.y >= 0 && end.y <= height);
      for (const [number, { x, y }] of nodes) {
        if (own.includes(number)) continue;
        const beside = Math.max(start.x, end.x) <= x || Math.min(start.x, end.x) >= x + nodeWidth;
        const above = Math.max(start.y, end.y) <= y || Math.min(start.y, end.y) >= y + NODE;
        assert.ok(beside || above, `${JSON.stringify(edge)} goes through step ${number}`);
      }
    }
  }
});

test('arrows lead to what a step needs, and to what needs it; from a step without a line, as from its stage', () => {
  assert.equal(acrossFrom(stages, edges, { number: 8, side: 'needs' }), 4);
  assert.equal(acrossFrom(stages, edges, { number: 7, side: 'needs' }), 2);
  assert.equal(acrossFrom(stages, edges, { number: 8, side: 'needed' }), 10);
  assert.equal(acrossFrom(stages, edges, { number: 11, side: 'needed' }), undefined);
});
