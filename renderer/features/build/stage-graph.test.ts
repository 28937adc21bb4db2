import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildStep } from '../../../electron/bridge/builds.ts';
import { nodeWidth, stageGraph, stageState, stageTook } from './stage-graph.ts';

const step = (number: number, words: string, after: number[], more: Partial<BuildStep> = {}): BuildStep => ({
  ...{ number, words, after, lines: { first: number, last: number }, makes: true, state: 'waiting', logLines: 0 },
  ...more,
});

const diamond = [
  step(1, 'FROM a AS base', []),
  step(2, 'RUN x', [1]),
  step(3, 'FROM base AS left', [2]),
  step(4, 'RUN y', [3]),
  step(5, 'FROM a AS right', []),
  step(6, 'FROM base', [2]),
  step(7, 'COPY --from=left /a /a', [6, 4]),
  step(8, 'COPY --from=right /a /a', [7, 5]),
];

test('a stage stands right of all that it needs, and nothing overlaps', () => {
  const { nodes, edges, platforms, width, height } = stageGraph(diamond, []);
  const [base, left, right, last] = nodes;
  assert.deepEqual(platforms, []);
  assert.deepEqual([base?.x, right?.x], [0, 0]);
  assert.ok((left?.x ?? 0) >= nodeWidth && (last?.x ?? 0) >= 2 * nodeWidth);
  assert.ok((right?.y ?? 0) >= (base?.y ?? 0) + (base?.height ?? 0));
  assert.deepEqual(
    edges.map(({ from, to }) => `${from}>${to}`),
    ['1>3', '1>6', '3>6', '5>6'],
  );
  for (const { x, y, height: own } of nodes) assert.ok(x + nodeWidth <= width && y + own <= height);
  assert.match(edges[0]?.path ?? '', /^M224 14H264$/);
});

test('several platforms: one below the other, each with its own stages', () => {
  const two = ['linux/amd64', 'linux/arm64'].flatMap((stage, index) => [
    step(1 + index * 2, 'FROM a', [], { stage }),
    step(2 + index * 2, 'RUN x', [1 + index * 2], { stage }),
  ]);
  const { nodes, platforms, edges } = stageGraph(two, ['linux/amd64', 'linux/arm64']);
  assert.deepEqual(
    platforms.map(({ name }) => name),
    ['linux/amd64', 'linux/arm64'],
  );
  assert.equal(edges.length, 0);
  assert.ok((nodes[1]?.y ?? 0) > (nodes[0]?.y ?? 0) + (nodes[0]?.height ?? 0));
  assert.deepEqual(stageGraph([], []).nodes, []);
});

test('what a stage is, and how long it took', () => {
  const of = (...states: Partial<BuildStep>[]) => ({
    steps: states.map((more, at) => step(at + 1, 'RUN x', [], more)),
  });
  assert.equal(stageState(of({}, {})), 'waiting');
  assert.equal(stageState(of({ state: 'done' }, {})), 'running');
  assert.equal(stageState(of({ state: 'done' }, { state: 'failed' })), 'failed');
  assert.equal(stageState(of({ state: 'done', cached: true }, { state: 'done', makes: false })), 'cached');
  assert.equal(stageState(of({ state: 'done', cached: true }, { state: 'done' })), 'done');
  assert.equal(stageTook(of({}), 9), undefined);
  assert.equal(
    stageTook(of({ startedAt: 1, endedAt: 2, cached: true }, { startedAt: 5, endedAt: 8 }, { startedAt: 6 }), 20),
    15,
  );
});
