import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Image } from '../../../electron/bridge/host.ts';
import { parseEnvLines } from './env-lines.ts';
import { problemsOf } from './form-problems.ts';
import { asDockerRun, questionsOf, requestOf } from './form-request.ts';
import { emptyForm, findImage, type RunForm } from './run-form.ts';

const image: Image = {
  id: `sha256:${'ab'.repeat(32)}`,
  references: ['busybox:latest', 'localhost:5000/tool:2'],
  digests: [],
  unverified: [],
  size: 1,
  createdAt: '2026-01-01T00:00:00Z',
  containers: 0,
};
const container: Container = {
  id: 'c',
  name: 'web',
  image: 'busybox',
  imageId: image.id,
  command: '',
  state: 'running',
  ports: [],
  createdAt: '2026-01-01T00:00:00Z',
  labels: {},
};

test('an image is found by its short and long name, and by the beginning of its id', () => {
  for (const text of [
    'busybox',
    'busybox:latest',
    'docker.io/library/busybox',
    'localhost:5000/tool:2',
    'abab',
    image.id,
  ]) {
    assert.equal(findImage([image], text), image, text);
  }
  for (const text of ['busybox:1', 'localhost:5000/tool', 'ab', 'tool:2']) {
    assert.equal(findImage([image], text), undefined, text);
  }
});

test('every problem is told, with what to use instead', () => {
  const problems = (name: string, command = '', from = 'busybox') =>
    problemsOf({ ...emptyForm(from), name, command }, [image], [container]);
  assert.deepEqual(problems(''), []);
  assert.deepEqual(problems('web'), [{ field: 'name', kind: 'taken', instead: 'web-2' }]);
  assert.deepEqual(problems('my web'), [{ field: 'name', kind: 'characters', instead: 'my-web' }]);
  assert.deepEqual(problems('é'), [{ field: 'name', kind: 'characters', instead: '' }]);
  assert.deepEqual(problems('', 'echo "'), [{ field: 'command', kind: 'quote' }]);
  assert.deepEqual(problems('', '', ' '), [{ field: 'image', kind: 'missing' }]);
  assert.deepEqual(problems('', '', 'No Name'), [{ field: 'image', kind: 'name' }]);
});

const full: RunForm = {
  image: 'busybox',
  name: 'box',
  command: `sh -c 'echo "a b"'`,
  ports: [
    { key: 1, host: '8080', container: '80', protocol: 'tcp', address: '' },
    { key: 2, host: '', container: '81', protocol: 'tcp', address: '' },
    { key: 3, host: '5000-5010', container: '53', protocol: 'udp', address: '::1' },
    { key: 4, host: '', container: '', protocol: 'tcp', address: '' },
  ],
  environment: [{ key: 5, name: 'A', value: "it's" }],
  folders: [{ key: 6, source: '/a,b', target: '/data', readOnly: true }],
  memory: [{ key: 7, target: '/run', size: '64' }],
  restart: 'on-failure',
  tries: '3',
};

test('the form as a docker run line', () => {
  assert.equal(
    asDockerRun(full),
    `docker run -d --name box -p 8080:80 -p 81 -p '[::1]:5000-5010:53/udp' -e 'A=it'\\''s' --mount 'type=bind,"src=/a,b",dst=/data,readonly' --tmpfs /run:size=64m --restart on-failure:3 busybox sh -c 'echo "a b"'`,
  );
  assert.equal(asDockerRun(emptyForm('busybox')), 'docker run -d busybox');
  const folders = [{ key: 1, source: 'pg-data', target: '/data', readOnly: false }];
  const line = 'docker run -d --mount type=volume,src=pg-data,dst=/data busybox';
  assert.equal(asDockerRun({ ...emptyForm('busybox'), folders }), line);
});

test('the form as a request: blank rows are not there', () => {
  assert.deepEqual(requestOf(full), {
    image: 'busybox',
    name: 'box',
    command: ['sh', '-c', 'echo "a b"'],
    environment: ["A=it's"],
    ports: [
      { containerPort: 80, protocol: 'tcp', hostPorts: { first: 8080, last: 8080 } },
      { containerPort: 81, protocol: 'tcp' },
      { containerPort: 53, protocol: 'udp', hostAddress: '::1', hostPorts: { first: 5000, last: 5010 } },
    ],
    folders: [{ source: '/a,b', target: '/data', readOnly: true }],
    memoryFolders: [{ target: '/run', bytes: 64 * 1024 * 1024 }],
    restart: { policy: 'on-failure', tries: 3 },
  });
  assert.deepEqual(requestOf(emptyForm('busybox')), { image: 'busybox' });
  assert.deepEqual(questionsOf(full), [{ row: 1, question: { address: '', port: 8080, protocol: 'tcp' } }]);
});

test('problems of rows: ports, variables, paths, tries', () => {
  const kinds = (part: Partial<RunForm>) =>
    problemsOf({ ...emptyForm('busybox'), ...part }, [image], []).map(({ field, kind }) => `${field} ${kind}`);
  const port = (host: string, inside: string, key = 1) =>
    ({ key, host, container: inside, protocol: 'tcp', address: '' }) as const;
  assert.deepEqual(kinds(full), []);
  assert.deepEqual(kinds({ ports: [port('x', '80')] }), ['ports hostPort']);
  assert.deepEqual(kinds({ ports: [port('70000', '80')] }), ['ports hostPort']);
  assert.deepEqual(kinds({ ports: [port('8080', '')] }), ['ports containerPort']);
  assert.deepEqual(kinds({ ports: [port('80', '80'), port('80', '81', 2)] }), ['ports twice']);
  assert.deepEqual(kinds({ environment: [{ key: 1, name: 'A B', value: '' }] }), ['environment variable']);
  assert.deepEqual(kinds({ folders: [{ key: 1, source: 'pg-data', target: '/b', readOnly: false }] }), []);
  assert.deepEqual(kinds({ folders: [{ key: 1, source: 'a/b', target: '/b', readOnly: false }] }), ['folders source']);
  assert.deepEqual(kinds({ folders: [{ key: 1, source: '/a', target: '/', readOnly: false }] }), ['folders target']);
  const folders = [{ key: 1, source: '/a', target: '/b', readOnly: false }];
  assert.deepEqual(kinds({ folders, memory: [{ key: 2, target: '/b/', size: '' }] }), ['memory twice']);
  assert.deepEqual(kinds({ memory: [{ key: 1, target: '/b', size: '1.5' }] }), ['memory size']);
  assert.deepEqual(kinds({ restart: 'on-failure', tries: '0' }), ['tries number']);
});

test('lines of an .env file', () => {
  const lines = ['# note', 'A=1', 'export B="two\\nlines" # why', "C='#no'", 'D=x # why', '', 'E=', 'F: y', 'nothing'];
  assert.deepEqual(
    parseEnvLines(lines.join('\r\n')).map(({ name, value }) => [name, value]),
    [
      ['A', '1'],
      ['B', 'two\nlines'],
      ['C', '#no'],
      ['D', 'x'],
      ['E', ''],
      ['F', 'y'],
    ],
  );
});
