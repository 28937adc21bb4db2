import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, askJson, framesOf, openWire } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const get = (path: string) => ask(subject.socket, { path });
const post = (path: string, body?: unknown) => askJson(subject.socket, path, body);
const create = async (options: Record<string, unknown> = {}) => {
  const answer = await post('/containers/create', { Image: sampleImage, ...options });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<{ Id: string }>().Id;
};
const remove = (id: string) => ask(subject.socket, { method: 'DELETE', path: `/containers/${id}?force=1` });

test('ping and its negotiation headers, with and without version', async () => {
  for (const path of ['/_ping', '/v1.41/_ping']) {
    const answer = await get(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.text, 'OK');
    assert.match(String(answer.headers['api-version']), /^1\.\d+$/);
    assert.equal(answer.headers.ostype, 'linux');
    assert.match(String(answer.headers['content-type']), /^text\/plain/);
    assert.match(String(answer.headers['cache-control']), /no-cache/);
  }
  const head = await ask(subject.socket, { method: 'HEAD', path: '/_ping' });
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
});

test('an API version that is too new, or too old, is refused in one sentence', async () => {
  const tooNew = await get('/v9.99/version');
  assert.equal(tooNew.status, 400);
  assert.match(tooNew.json().message, /client version 9\.99 is too new\. Maximum supported API version is 1\.\d+/);
  if (!subject.isBeluga) return;
  const tooOld = await get('/v1.23/version');
  assert.equal(tooOld.status, 400);
  assert.match(tooOld.json().message, /client version 1\.23 is too old\. Minimum supported API version is 1\.24/);
});

test('every version in between answers', async () => {
  const newest = (await get('/version')).json<{ ApiVersion: string }>().ApiVersion;
  for (const version of ['1.24', '1.30', '1.40', '1.41', newest])
    assert.equal((await get(`/v${version}/containers/json`)).status, 200, version);
});

test('an unknown route: 404 with a message', async () => {
  for (const path of ['/no/such/route', '/v1.41/nothing', '/containers'])
    for (const method of ['GET', 'POST']) {
      const answer = await ask(subject.socket, { method, path });
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.ok(answer.json().message.length > 0);
      assert.match(String(answer.headers['content-type']), /^application\/json/);
    }
});

test('malformed JSON, an empty body, and wrong types are 400 with a message', async () => {
  const send = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    ask(subject.socket, { method: 'POST', path: '/containers/create', headers, body });
  for (const body of ['{"Image": ', '{"Image": 5}', '"words"', '[]']) {
    const answer = await send(body);
    // dockerd 20.10 called malformed JSON a 500; later ones say 400
    if (subject.isBeluga) assert.equal(answer.status, 400, `${body} ${answer.text}`);
    else assert.ok(answer.status >= 400);
    assert.ok(answer.json().message.length > 0);
  }
  if (!subject.isBeluga) return;
  assert.equal((await send('')).status, 400);
  assert.match((await send('{"Image": 5}')).json().message, /Image/);
  assert.match((await send('{"Image":"x","HostConfig":{"Binds":"/a:/b"}}')).json().message, /Binds/);
  assert.match((await send('{"Image":"x","Env":["A=1",2]}')).json().message, /Env/);
});

test('null is absent, unknown fields pass', async () => {
  const id = await create({ Cmd: null, HostConfig: null, Env: null, Whatever: { new: true } });
  await remove(id);
});

test('a body over the limit is refused, the next request is answered', async (t) => {
  if (!subject.isBeluga) return t.skip('dockerd has no such limit for this body');
  const answer = await ask(subject.socket, {
    method: 'POST',
    path: '/containers/create',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Image: sampleImage, Env: ['A='.padEnd(40_000_000, 'x')] }),
  }).catch((error: NodeJS.ErrnoException) => {
    // the answer may be cut off by the reset of a connection whose body nobody reads
    assert.ok(['EPIPE', 'ECONNRESET'].includes(error.code ?? ''), error.message);
    return null;
  });
  if (answer) {
    assert.ok([400, 413].includes(answer.status), String(answer.status));
    assert.match(answer.json().message, /too large|larger than/i);
  }
  assert.equal((await get('/_ping')).status, 200);
  assert.equal((await get('/containers/json?all=1')).json<unknown[]>().length, 0);
});

test('bytes that are no HTTP end this connection only', async () => {
  const wire = await openWire(subject.socket);
  wire.socket.write('\x16\x03\x01 this is not HTTP\r\n\r\n');
  assert.match((await wire.closed()).toString(), /^HTTP\/1\.1 400/);
  assert.equal((await get('/_ping')).status, 200);
});

test('errors have Docker’s status and body', async () => {
  const missing = await get('/containers/nothing/json');
  assert.equal(missing.status, 404);
  assert.equal(missing.json().message, 'No such container: nothing');
  const image = await post('/containers/create', { Image: 'no/such:1' });
  assert.equal(image.status, 404);
  assert.match(image.json().message, /No such image: no\/such:1/);
  if (!subject.isBeluga) return;
  assert.equal(image.json<{ code: string; reason: string }>().code, 'not-found');
  assert.equal(image.json<{ code: string; reason: string }>().reason, 'image.not-found');
});

test('statuses of the lifecycle: 201, 204, 304, 409', async () => {
  const created = await post('/containers/create?name=statuses', { Image: sampleImage });
  assert.equal(created.status, 201);
  const { Id } = created.json<{ Id: string }>();
  const taken = await post('/containers/create?name=statuses', { Image: sampleImage });
  assert.equal(taken.status, 409);
  assert.match(taken.json().message, /already in use by container/);
  assert.equal((await post(`/containers/${Id}/start`)).status, 204);
  assert.equal((await post(`/containers/${Id}/start`)).status, 304);
  const running = await ask(subject.socket, { method: 'DELETE', path: `/containers/${Id}` });
  assert.equal(running.status, 409);
  assert.equal((await post(`/containers/${Id}/stop?t=5`)).status, 204);
  assert.equal((await post(`/containers/${Id}/stop`)).status, 304);
  assert.equal((await post(`/containers/${Id}/kill`)).status, 409);
  assert.equal((await ask(subject.socket, { method: 'DELETE', path: `/containers/${Id}` })).status, 204);
  assert.equal((await ask(subject.socket, { method: 'DELETE', path: `/containers/${Id}` })).status, 404);
});

for (const upgrade of [true, false]) {
  test(`hijack ${upgrade ? 'with' : 'without'} Upgrade: bytes both ways, half-close, framing`, async () => {
    const id = await create({
      Cmd: ['sh', '-c', 'cat; echo err >&2; echo end'],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const wire = await openWire(subject.socket);
    const headers = upgrade ? 'Connection: Upgrade\r\nUpgrade: tcp\r\n' : '';
    wire.socket.write(
      `POST /v1.41/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: docker\r\n${headers}Content-Length: 0\r\n\r\n`,
    );
    const head = (await wire.until('the answer’s head came', (bytes) => bytes.includes('\r\n\r\n'))).toString();
    if (upgrade) assert.match(head, /^HTTP\/1\.1 101 UPGRADED\r\n(?:.*\r\n)*Upgrade: tcp\r\n/i);
    else assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(head, /Content-Type: application\/vnd\.docker\.(?:raw|multiplexed)-stream/i);
    assert.equal((await post(`/containers/${id}/start`)).status, 204);
    wire.socket.write('typed\n');
    await wire.until('the echo came', (bytes) => bytes.includes('typed\n'));
    wire.socket.end('last words\n');
    const all = await wire.closed();
    const frames = framesOf(all.subarray(all.indexOf('\r\n\r\n') + 4));
    const said = (stream: number) =>
      frames
        .filter((frame) => frame.stream === stream)
        .map((frame) => frame.text)
        .join('');
    assert.equal(said(1), 'typed\nlast words\nend\n');
    assert.equal(said(2), 'err\n');
    await remove(id);
  });
}

test('bytes sent together with the attach request are not lost', async (t) => {
  if (!subject.isBeluga) return t.skip('dockerd loses what its HTTP reader has buffered');
  const id = await create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
  assert.equal((await post(`/containers/${id}/start`)).status, 204);
  const wire = await openWire(subject.socket);
  wire.socket.end(
    `POST /containers/${id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nat once\n`,
  );
  const all = await wire.closed();
  assert.ok(all.includes('at once\n'), all.toString());
  await remove(id);
});

test('a client that breaks off an attach, a wait or a follow leaves all in order', async () => {
  const id = await create();
  assert.equal((await post(`/containers/${id}/start`)).status, 204);
  const requests = [
    `POST /containers/${id}/attach?stream=1&stdout=1`,
    `POST /containers/${id}/wait`,
    `GET /containers/${id}/logs?follow=1&stdout=1`,
    'GET /events',
  ];
  for (const request of requests) {
    const wire = await openWire(subject.socket);
    wire.socket.write(`${request} HTTP/1.1\r\nHost: docker\r\n\r\n`);
    await wire.until('the answer began', (bytes) => bytes.includes('HTTP/1.1 200'));
    wire.socket.destroy();
  }
  const state = (await get(`/containers/${id}/json`)).json<{ State: { Running: boolean } }>();
  assert.equal(state.State.Running, true);
  await remove(id);
});

test('wait answers its head at once, for a client that starts the container afterwards', async () => {
  const id = await create({ Cmd: ['sh', '-c', 'exit 11'] });
  const wire = await openWire(subject.socket);
  wire.socket.write(`POST /v1.41/containers/${id}/wait?condition=next-exit HTTP/1.1\r\nHost: docker\r\n\r\n`);
  await wire.until('the head came', (bytes) => bytes.includes('\r\n\r\n'));
  assert.equal((await post(`/containers/${id}/start`)).status, 204);
  await wire.until('the exit came', (bytes) => /"StatusCode":\s*11/.test(bytes.toString()));
  wire.socket.destroy();
  await remove(id);
});

test('load and events speak JSON lines', async () => {
  const since = Math.floor(Date.now() / 1000) - 1;
  const id = await create();
  await remove(id);
  await waitUntil('the destroy is told', async () => {
    const answer = await get(`/events?since=${since}&until=${Date.now() / 1000}`);
    const events = answer.text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    assert.match(String(answer.headers['content-type']), /^application\/json/);
    return events.some((event) => event.Action === 'destroy' && event.Actor.ID === id);
  });
});

test('old clients get the shapes of their version', async () => {
  const id = await create();
  const old = (await get('/v1.24/info')).json<Record<string, unknown>>();
  assert.equal(typeof old.Containers, 'number');
  const list = (await get('/v1.24/containers/json?all=1')).json<{ Id: string; Names: string[]; Created: number }[]>();
  assert.deepEqual(
    list.map((entry) => entry.Id),
    [id],
  );
  assert.match(list[0]?.Names[0] ?? '', /^\//);
  assert.equal(typeof list[0]?.Created, 'number');
  await remove(id);
});
