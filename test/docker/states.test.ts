import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const stateOf = (name: string) => docker('inspect', '-f', '{{.State.Status}}', name);
const run = (name: string, ...args: string[]) => docker('run', '-d', '--name', name, '--network', 'none', ...args);

/** How a container comes to a state. */
const ways: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  created: (name) => docker('create', '--name', name, '--network', 'none', sampleImage, 'sleep', '1000'),
  running: (name) => run(name, sampleImage, 'sleep', '1000'),
  async paused(name) {
    await run(name, sampleImage, 'sleep', '1000');
    await docker('pause', name);
  },
  async restarting(name) {
    await run(name, '--restart', 'always', sampleImage, 'false');
    // the longer it goes on, the longer it waits
    await waitUntil('it waits for long', async () => {
      const [count, state] = (await docker('inspect', '-f', '{{.RestartCount}} {{.State.Status}}', name)).split(' ');
      return Number(count) >= 5 && state === 'restarting';
    });
  },
  async exited(name) {
    await run(name, sampleImage, 'false');
    await docker('wait', name);
  },
};

type Outcome = readonly [status: number, words?: RegExp];
const refusals: readonly Outcome[] = [
  [304],
  [409, /container [0-9a-f]{64} is not running$/i],
  [409, /cannot start a paused container, try unpause instead/],
  [409, /Container [0-9a-f]{64} is already paused/],
  [409, /Container [0-9a-f]{64} is restarting, wait until the container is running/],
  // dockerd has 500 for this one
  [409, /Container [0-9a-f]{64} is not paused/],
  [409, /(cannot remove container "\/.*|You cannot remove a (running|paused|restarting) container)/],
  [409, /is paused, unpause the container before (attach|exec)/],
];
const [same, down, still, twice, waiting, awake, up, frozen] = refusals as readonly Outcome[];
const [done, empty, made]: Outcome[] = [[204], [200], [201]];

/** Rows: what is asked; columns: what a container answers that is … */
const table: Readonly<Record<string, Readonly<Record<string, Outcome | undefined>>>> = {
  'POST start': { running: same, paused: still, restarting: same },
  'POST stop?t=0': { created: same, exited: same },
  'POST kill': { created: down, exited: down },
  'POST kill?signal=NOPE': row([400, /invalid signal: NOPE/i]),
  'POST kill?signal=0': row([400, /invalid signal: 0/i]),
  'POST pause': { created: down, paused: twice, restarting: waiting, exited: down },
  'POST unpause': { created: awake, running: awake, restarting: awake, exited: awake },
  'GET top': { created: down, running: empty, paused: empty, restarting: waiting, exited: down },
  'POST resize?h=10&w=10': { created: down, running: empty, paused: empty, exited: down },
  'POST exec': { created: down, running: made, paused: frozen, restarting: waiting, exited: down },
  'POST rename?name=': row([400, /^Neither old nor new names may be empty$/]),
  'POST rename?name=a/b': row([400, /Invalid container name \(\/?a\/b\), only/]),
  'POST attach?logs=1&stdout=1': { created: empty, running: empty, paused: frozen, exited: empty },
  'GET stats?stream=0&one-shot=1': row(empty),
  'GET changes': row(empty),
  'GET logs': row([400, /^Bad parameters: you must choose at least one stream$/]),
  'GET logs?stdout=1&tail=x': row(empty),
  'DELETE ': { running: up, paused: up, restarting: up },
};

function row(outcome: Outcome | undefined): Record<string, Outcome | undefined> {
  return Object.fromEntries(Object.keys(ways).map((state) => [state, outcome]));
}

/** What changes the state: from, what is asked, to; '' is gone. */
const changes: readonly (readonly [from: string, asked: string, to: string])[] = [
  ['created', 'POST start', 'running'],
  ['created', 'DELETE ', ''],
  ['running', 'POST stop?t=0', 'exited'],
  ['running', 'POST restart?t=0', 'running'],
  ['running', 'POST kill', 'exited'],
  ['running', 'POST pause', 'paused'],
  ['running', 'DELETE ?force=1', ''],
  ['paused', 'POST unpause', 'running'],
  ['paused', 'POST stop?t=0', 'exited'],
  ['paused', 'POST kill?signal=USR1', 'running'],
  ['restarting', 'POST stop?t=0', 'exited'],
  ['restarting', 'POST kill', 'exited'],
  ['exited', 'POST start', 'exited'],
  ['exited', 'DELETE ', ''],
];

const bodies: Readonly<Record<string, unknown>> = { 'POST exec': { Cmd: ['true'] } };

function call(name: string, asked: string) {
  const [method = '', what = ''] = asked.split(' ');
  const slash = method === 'DELETE' ? '' : '/';
  const body = bodies[asked];
  return ask(subject.socket, {
    ...{ method, path: `/v1.41/containers/${name}${slash}${what}` },
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

for (const state of Object.keys(ways)) {
  test(`${state}: what is refused, with status and words, and where every other call leads`, async () => {
    await ways[state]?.(state);
    const id = await docker('inspect', '-f', '{{.Id}}', state);
    for (const [asked, columns] of Object.entries(table)) {
      const expected = columns[state];
      if (!expected) continue;
      const answer = await call(state, asked);
      const shown = `${state}, ${asked}: ${answer.status} ${answer.text.slice(0, 300)}`;
      const [status, words] = expected;
      assert.ok(answer.status === status || (!subject.isBeluga && answer.status === 500), shown);
      if (words && answer.headers['content-type'] === 'application/json')
        assert.match(answer.json().message, words, shown);
      else if (words) assert.match(answer.text, words, shown);
    }
    assert.equal(await stateOf(id), state);
    let name = id;
    for (const [from, asked, to] of changes.filter(([before]) => before === state)) {
      if (name === '' || (await stateOf(name)) !== from) {
        name = `${state}-again`;
        await docker('rm', '-f', name).catch(() => {});
        await ways[state]?.(name);
      }
      const answer = await call(name, asked);
      assert.equal(answer.status, done?.[0], `${state}, ${asked}: ${answer.text}`);
      const now = async () =>
        (await subject.docker.run(['inspect', '-f', '{{.State.Status}}', name], { exits: 'any' })).stdout;
      await waitUntil(`${asked} leads from ${from} to ${to || 'nothing'}`, async () => (await now()).trim() === to);
      if (to === '') name = '';
    }
    const left = (await docker('ps', '-aq')).split('\n').filter(Boolean);
    if (left.length > 0) await docker('rm', '-f', ...left);
  });
}
