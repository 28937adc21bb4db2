import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, openWire } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
  await subject.docker('create', '--name', 'still', sampleImage);
});
after(() => subject.close());

interface Bad {
  path: string;
  method?: string;
  body?: string;
  type?: string;
  status: number;
  /** dockerd 26.1 calls it its own fault (500), or takes it. */
  ours?: true;
}

const filters = (value: string) => `filters=${encodeURIComponent(value)}`;
const deep = (depth: number) => `{"HostConfig":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;

const cases: readonly Bad[] = [
  { path: '/containers/json?filters=%7B', status: 400 },
  { path: `/containers/json?${filters('{"name":5}')}`, status: 400 },
  { path: `/containers/json?${filters('{"name":[5]}')}`, status: 400 },
  { path: `/containers/json?${filters('{"name":[{"toString":1}]}')}`, status: 400 },
  { path: `/containers/json?${filters('{"nothing":["x"]}')}`, status: 400 },
  { path: `/images/json?${filters('{"name":{"a":{"b":{}}}}')}`, status: 400 },
  { path: `/networks?${filters('"x"')}`, status: 400 },
  { path: '/containers/json?limit=many', status: 400, ours: true },
  { path: '/events?since=yesterday', status: 400, ours: true },
  { path: '/containers/still/logs', status: 400 },
  { path: '/containers/still/logs?stdout=1&tail=x', status: 200 },
  { path: '/containers/nothing/logs?stdout=1', status: 404 },
  { path: '/containers/%00/json', status: 404 },
  { path: '/containers/%ff%fe/json', status: 404 },
  { method: 'POST', path: '/containers/still/wait?condition=never', status: 400 },
  { method: 'POST', path: '/containers/still/kill?signal=SIGNOTHING', status: 400 },
  { method: 'POST', path: '/containers/still/resize?w=5', status: 400 },
  { method: 'POST', path: '/containers/still/resize?h=x&w=5', status: 400 },
  { method: 'POST', path: '/containers/still/rename', status: 400, ours: true },
  { method: 'POST', path: '/containers/still/rename?name=%2Fa%2Fb', status: 400, ours: true },
  { method: 'POST', path: '/containers/still/exec', body: '{"Cmd":[]}', status: 400 },
  { method: 'POST', path: '/containers/still/exec', body: '{"Cmd":5}', status: 400 },
  { method: 'POST', path: '/containers/still/exec', body: '{"Cmd":["x"]}', status: 409 },
  { method: 'POST', path: '/exec/nothing/start', body: '{}', status: 404 },
  { method: 'POST', path: '/containers/create', body: '{', status: 400 },
  { method: 'POST', path: '/containers/create', body: '[]', status: 400 },
  { method: 'POST', path: '/containers/create', body: '{"Image":"x"}', type: 'text/plain', status: 400 },
  { method: 'POST', path: '/containers/create', body: deep(10_001), status: 400 },
  { method: 'POST', path: '/containers/create', body: '['.repeat(60_000), status: 400 },
  { method: 'POST', path: '/containers/create?name=%00%00', body: `{"Image":"${sampleImage}"}`, status: 400 },
  { method: 'POST', path: '/containers/create', body: '{"Image":"\\u0000"}', status: 400 },
  { method: 'POST', path: '/containers/create', body: '{"Image":"x","HostConfig":{"Memory":"1g"}}', status: 400 },
  { method: 'POST', path: '/auth', body: '{"username":5}', status: 400, ours: true },
  { method: 'DELETE', path: '/images/..', status: 400, ours: true },
  { method: 'DELETE', path: '/containers/nothing', status: 404 },
  { method: 'PATCH', path: '/info', status: 404 },
];

test('what is wrong with a request is the client’s fault, and it is told what', async () => {
  const wrong: string[] = [];
  for (const { path, method = 'GET', body, type = 'application/json', status, ours } of cases) {
    if (ours && !subject.isBeluga) continue;
    const headers = body === undefined ? {} : { 'content-type': type };
    const answer = await ask(subject.socket, { method, path, headers, ...(body !== undefined && { body }) });
    const name = `${method} ${path} ${(body ?? '').slice(0, 60)}`;
    if (answer.status !== status) wrong.push(`${name}: ${answer.status}, not ${status}: ${answer.text.slice(0, 300)}`);
    else if (status >= 400 && !answer.json().message) wrong.push(`${name}: no message`);
  }
  assert.deepEqual(wrong, []);
});

test('a stream whose client leaves in the middle of its request is nobody’s fault', async () => {
  for (const path of ['/containers/still/attach?stream=1&stdin=1&stdout=1', '/exec/nothing/start'])
    for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: tcp\r\n']) {
      const wire = await openWire(subject.socket);
      wire.socket.write(`POST ${path} HTTP/1.1\r\nHost: docker\r\n${upgrade}Content-Length: 5\r\n\r\n{"`);
      wire.socket.destroy();
    }
  assert.equal((await ask(subject.socket, { path: '/_ping' })).status, 200);
});
