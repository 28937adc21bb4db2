import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, askJson } from '../raw-http.ts';
import { dockerArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);
const run = (...args: string[]) => subject.docker.run(args, { exits: 'any' });

test('of many clients that want one name, one gets it', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => run('create', '--name', 'wanted', sampleImage)));
  assert.equal(all.filter(({ code }) => code === 0).length, 1);
  for (const { code, stderr } of all)
    if (code !== 0) assert.match(stderr, /The container name "\/wanted" is already in use/);
  await docker('rm', 'wanted');
  assert.equal(await docker('ps', '-aq'), '');
});

test('an image that goes while containers are made of it: made, or no such image', async () => {
  const archives = Array.from({ length: 5 }, async (_, index) =>
    dockerArchive({
      name: `race/image:${index}`,
      layers: [await sampleLayer(), await tarOf([{ name: `f${index}`, content: 'x' }])],
    }),
  );
  for (const [index, archive] of archives.entries()) {
    const name = `race/image:${index}`;
    await subject.docker.run(['load'], { input: await archive });
    const made = ['one', 'two', 'three'].map((container) =>
      run('create', '--pull', 'never', '--name', container, name, 'true'),
    );
    const [removed, ...created] = await Promise.all([run('rmi', '-f', name), ...made]);
    assert.equal(removed?.code, 0, removed?.stderr);
    for (const { code, stderr } of created) if (code !== 0) assert.match(stderr, /No such image/);
    const left = (await docker('ps', '-aq')).split('\n').filter(Boolean);
    for (const id of left) assert.equal((await run('start', '-a', id)).code, 0);
    if (left.length > 0) await docker('rm', ...left);
  }
});

/** A container that goes on, over the API: the CLI's own pace would hide what comes at the same time. */
async function make(options: Record<string, unknown> = {}): Promise<string> {
  const body = {
    Image: sampleImage,
    Cmd: ['sleep', '600'],
    StopSignal: 'SIGKILL',
    HostConfig: { NetworkMode: 'none' },
  };
  const answer = await askJson(subject.socket, '/containers/create', { ...body, ...options });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<{ Id: string }>().Id;
}

const post = (id: string, word: string) => ask(subject.socket, { method: 'POST', path: `/containers/${id}/${word}` });
const remove = (id: string, force = '0') =>
  ask(subject.socket, { method: 'DELETE', path: `/containers/${id}?force=${force}` });
const stateOf = async (id: string) => {
  const { status, text } = await ask(subject.socket, { path: `/containers/${id}/json` });
  return status === 404 ? 'gone' : (JSON.parse(text) as { State: { Status: string } }).State.Status;
};

/** How often each status came. */
async function statuses(calls: readonly Promise<{ status: number }>[]): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (const { status } of await Promise.all(calls)) found[status] = (found[status] ?? 0) + 1;
  return found;
}
const times = <T>(count: number, what: () => T) => Array.from({ length: count }, what);

test('many starts: one starts it, the others find it started', async () => {
  const id = await make();
  assert.deepEqual(await statuses(times(8, () => post(id, 'start'))), { 204: 1, 304: 7 });
  assert.equal(await stateOf(id), 'running');
  await remove(id, '1');
});

test('many pauses and unpauses: one each, the others are conflicts', async () => {
  const id = await make();
  await post(id, 'start');
  assert.deepEqual(await statuses(times(6, () => post(id, 'pause'))), { 204: 1, 409: 5 });
  const unpaused = await statuses(times(6, () => post(id, 'unpause')));
  // dockerd 26.1 calls the others its own fault
  assert.equal(unpaused[204], 1, JSON.stringify(unpaused));
  if (subject.isBeluga) assert.deepEqual(unpaused, { 204: 1, 409: 5 });
  await remove(id, '1');
});

test('many removals: one removes it, the others are told that it goes or is gone', async () => {
  const id = await make();
  const found = await statuses(times(8, () => remove(id)));
  assert.equal(found[204], 1, JSON.stringify(found));
  assert.equal((found[404] ?? 0) + (found[409] ?? 0), 7, JSON.stringify(found));
  assert.equal(await stateOf(id), 'gone');
});

test('stops of one that its policy would start again: it stays stopped', async () => {
  const id = await make({ HostConfig: { RestartPolicy: { Name: 'always' }, NetworkMode: 'none' } });
  await post(id, 'start');
  const found = await statuses([...times(4, () => post(id, 'stop?t=0')), ...times(4, () => post(id, 'kill'))]);
  assert.ok((found[204] ?? 0) >= 1, JSON.stringify(found));
  assert.equal(await stateOf(id), 'exited');
  await remove(id);
});

test('restarts at once: all are done, and it runs', async () => {
  const id = await make();
  await post(id, 'start');
  assert.deepEqual(await statuses(times(4, () => post(id, 'restart?t=0'))), { 204: 4 });
  assert.equal(await stateOf(id), 'running');
  await remove(id, '1');
});

test('a removal by force wins over starts and restarts, whatever comes first', async () => {
  for (let round = 0; round < 6; round++) {
    const id = await make();
    if (round % 2 === 0) await post(id, 'start');
    const others = times(4, () => post(id, round % 3 === 0 ? 'restart?t=0' : 'start'));
    const removal = remove(id, '1');
    const later = times(4, () => post(id, 'start'));
    const found = await statuses([...others, ...later]);
    assert.equal((await removal).status, 204, (await removal).text);
    assert.deepEqual(
      Object.keys(found).filter((status) => !['204', '304', '404', '409'].includes(status)),
      subject.isBeluga ? [] : Object.keys(found).filter((status) => status === '500'),
    );
    assert.equal(await stateOf(id), 'gone');
  }
});

test('two that want one name by a rename: one gets it', async () => {
  const [first, second] = [await make(), await make()];
  const found = await statuses([first, second].map((id) => post(id, 'rename?name=coveted')));
  assert.deepEqual(found, { 204: 1, 409: 1 });
  for (const id of [first, second]) await remove(id);
});
