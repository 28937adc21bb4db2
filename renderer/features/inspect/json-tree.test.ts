import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf, idOf, jqPath, templateOf, treeOf } from './json-tree.ts';

const root = {
  Id: 'ab',
  State: { Status: 'running', Health: { Status: 'healthy', Log: [{ ExitCode: 0 }] } },
  Config: { Env: ['PATH=/bin'], Labels: { 'a.health': 'x' }, Healthcheck: null },
  Empty: {},
};
const first = (path: readonly unknown[]) => path.length === 1;
const show = (query = '', folds: [string, boolean][] = []) =>
  treeOf(root, { query, folds: new Map(folds), openByDefault: first });
const names = (tree: ReturnType<typeof show>) => tree.rows.map(({ path }) => path.join('.'));

test('folds: the first level is open, what the user opened or closed stays so', () => {
  assert.deepEqual(names(show()), [
    'Id',
    'State',
    'State.Status',
    'State.Health',
    'Config',
    'Config.Env',
    'Config.Labels',
    'Config.Healthcheck',
    'Empty',
  ]);
  const opened = show('', [
    [idOf(['State']), false],
    [idOf(['Config', 'Env']), true],
  ]);
  assert.deepEqual(names(opened).slice(0, 5), ['Id', 'State', 'Config', 'Config.Env', 'Config.Env.0']);
  assert.equal(opened.rows.at(-1)?.open, false);
});

test('a search finds keys and values, shows what leads to them, and counts what it hides', () => {
  const tree = show('health');
  assert.deepEqual(names(tree), [
    'State',
    'State.Health',
    'State.Health.Status',
    'Config',
    'Config.Labels',
    'Config.Labels.a.health',
    'Config.Healthcheck',
  ]);
  assert.deepEqual(
    tree.hits.map((index) => tree.rows[index]?.path.at(-1)),
    ['Health', 'Status', 'a.health', 'Healthcheck'],
  );
  // Id, State.Status, Log and two inside, Env and one inside, Empty
  assert.equal(tree.hidden, 8);
  const folded = show('health', [[idOf(['State']), false]]);
  assert.deepEqual(names(folded).slice(0, 2), ['State', 'Config']);
  assert.deepEqual(show('nothing of that').rows, []);
});

test('a value is named as jq, templates and the command line name it', () => {
  const label = ['Config', 'Labels', 'a.health'];
  assert.equal(jqPath(label), '.Config.Labels["a.health"]');
  assert.equal(templateOf(label), '{{index .Config.Labels "a.health"}}');
  assert.equal(templateOf(['Mounts', 0, 'Source']), '{{(index .Mounts 0).Source}}');
  assert.equal(templateOf(['State', 'Status']), '{{.State.Status}}');
  assert.equal(
    commandOf(['Config', 'Labels', "it's"], 'web'),
    `docker inspect -f '{{index .Config.Labels "it'\\''s"}}' web`,
  );
});
