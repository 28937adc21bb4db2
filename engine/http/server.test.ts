import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { createChannel } from '../base/channel.ts';
import { EngineError } from '../base/errors.ts';
import type { EngineEvent } from '../events/event-bus.ts';
import type { LoadMessage } from '../services/images/image-service.ts';
import { containerDetails, doorServices, imageDetails } from '../testing/door-services.ts';
import { ask, openDoor, quietLog, until } from '../testing/open-door.ts';
import { createDockerApi } from './server.ts';

describe('negotiation', () => {
  test('ping tells the version to GET and HEAD', async () => {
    await using door = await openDoor();
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await ask(door.socketPath, method, '/_ping');
      assert.equal(status, 200);
      assert.equal(headers['api-version'], '1.51');
      assert.equal(headers.ostype, 'linux');
      assert.equal(headers['docker-experimental'], 'false');
      assert.equal(headers.swarm, 'inactive');
      assert.equal(headers.server, 'Beluga/0.1.0 (linux)');
      assert.equal(text, method === 'GET' ? 'OK' : '');
    }
  });

  test('versions 1.24 to 1.51 and none; others refused in Docker words', async () => {
    await using door = await openDoor();
    for (const prefix of ['', '/v1.24', '/v1.41', '/v1.51']) {
      assert.equal((await ask(door.socketPath, 'GET', `${prefix}/version`)).status, 200, prefix);
    }
    const newer = await ask(door.socketPath, 'GET', '/v1.52/version');
    assert.equal(newer.status, 400);
    assert.equal(newer.json().message, 'client version 1.52 is too new. Maximum supported API version is 1.51');
    const older = await ask(door.socketPath, 'GET', '/v1.23/version');
    assert.equal(older.status, 400);
    assert.match(older.json().message, /^client version 1\.23 is too old\. Minimum supported API version is 1\.24, /);
  });

  test('an unknown route is 404 with words, a known one that is not there yet 501 naming itself', async () => {
    await using door = await openDoor();
    const unknown = await ask(door.socketPath, 'GET', '/v1.51/nonsense');
    assert.equal(unknown.status, 404);
    assert.deepEqual(unknown.json(), { message: 'page not found', code: 'not-found', reason: 'request.unknown-route' });
    const create = await ask(door.socketPath, 'POST', '/v1.51/networks/create', '{}');
    assert.equal(create.status, 501);
    assert.match(create.json().message, /creating networks .* is not there yet/);
    assert.equal(create.json().reason, 'request.not-implemented');
  });
});

describe('bodies', () => {
  test('malformed JSON and wrong types are 400 naming the field', async () => {
    await using door = await openDoor();
    const cases: [string, RegExp][] = [
      ['{"Image":', /^invalid JSON: unexpected EOF$/],
      ['{"Image":z}', /^invalid JSON: invalid character 'z' looking for beginning of value$/],
      ['{"Image":"a","Tty":"yes"}', /cannot unmarshal string into field Tty of type bool/],
      ['{"Image":"a","HostConfig":{"Memory":"1g"}}', /string into field HostConfig\.Memory of type integer/],
      ['{"Image":"a","HostConfig":{"Binds":[1]}}', /number into field HostConfig\.Binds\.0 of type string/],
      ['{"Image":"a","Labels":{"a/b":{}}}', /object into field Labels\.a\/b of type string/],
      ['[]', /array into field body of type object/],
      ['', /got EOF/],
    ];
    for (const [body, words] of cases) {
      const answer = await ask(door.socketPath, 'POST', '/containers/create', body);
      assert.equal(answer.status, 400, body);
      assert.match(answer.json().message, words);
      assert.equal(answer.json().reason, 'request.invalid');
    }
    assert.deepEqual(door.world.created, []);
  });

  test('unknown fields pass, null is absent, a command may be a string', async () => {
    await using door = await openDoor();
    const body = JSON.stringify({
      Image: 'a',
      Cmd: 'ls',
      Entrypoint: null,
      Tty: null,
      New: { x: 1 },
      HostConfig: null,
    });
    const answer = await ask(door.socketPath, 'POST', '/v1.44/containers/create?name=web', body);
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.json(), { Id: 'c'.repeat(64), Warnings: [], BelugaWarnings: [] });
    const [request] = door.world.created;
    assert.equal(request?.name, 'web');
    assert.deepEqual(request?.config.command, ['ls']);
    assert.equal(request?.config.entrypoint, undefined);
    assert.equal(request?.config.terminal, false);
  });

  test('a body over the limit is 413, told before and while it comes', async () => {
    await using door = await openDoor();
    const big = Buffer.alloc(4 * 1024 * 1024 + 1, 0x20);
    for (const headers of [{ 'Content-Length': big.length }, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await ask(door.socketPath, 'POST', '/containers/create', big, headers);
      assert.equal(answer.status, 413);
      assert.equal(answer.json().reason, 'request.too-large');
    }
  });
});

describe('failures', () => {
  test('each has its status and carries code, reason and params', async () => {
    await using door = await openDoor();
    const missing = await ask(door.socketPath, 'GET', '/containers/gone/json');
    assert.equal(missing.status, 404);
    assert.deepEqual(missing.json(), {
      message: 'No such container: gone',
      code: 'not-found',
      reason: 'container.not-found',
      params: { container: 'gone' },
    });
    door.world.fail = new EngineError('not-modified', 'it runs');
    const running = await ask(door.socketPath, 'POST', '/containers/web/start');
    assert.equal(running.status, 304);
    assert.equal(running.text, '');
    door.world.fail = new TypeError('a bug');
    assert.equal((await ask(door.socketPath, 'POST', '/containers/web/stop')).status, 500);
  });

  test('a push, a login and a look at a registry', async () => {
    await using door = await openDoor();
    const login = { username: 'alice', password: 'secret' };
    const header = { 'x-registry-auth': Buffer.from(JSON.stringify(login)).toString('base64url') };
    const push = await ask(door.socketPath, 'POST', '/images/host:5000/a/b/push?tag=1', undefined, header);
    assert.equal(push.status, 200);
    assert.deepEqual(door.world.calls.at(-1), ['push', 'host:5000/a/b:1', login]);
    const digest = `sha256:${'a'.repeat(64)}`;
    const lines = push.text.trim().split('\r\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        { status: 'The push refers to repository [docker.io/library/busybox]' },
        { status: 'Mounted from library/other', progressDetail: {}, id: 'abc' },
        { status: 'Pushing', progressDetail: { current: 5, total: 10 }, id: 'def' },
        { status: `1: digest: ${digest} size: 3` },
        { progressDetail: {}, aux: { Tag: '1', Digest: digest, Size: 3 } },
      ],
    );
    const looked = await ask(door.socketPath, 'GET', '/distribution/host:5000/a/b:1/json', undefined, header);
    assert.deepEqual(looked.json(), {
      Descriptor: { mediaType: 'application/x', digest, size: 3 },
      Platforms: [{ os: 'linux', architecture: 'amd64' }],
    });
    const asked = JSON.stringify({ ...login, serveraddress: 'host:5000' });
    const checked = await ask(door.socketPath, 'POST', '/auth', asked);
    assert.deepEqual(checked.json(), { Status: 'Login Succeeded', IdentityToken: '' });
    assert.deepEqual(door.world.calls.at(-1), ['check login', 'host:5000', login]);
    door.world.fail = new EngineError('unauthorized', 'no');
    assert.equal((await ask(door.socketPath, 'POST', '/auth', asked)).status, 401);
  });

  test('a pull: its login and platform go to the service, its lines to the client', async () => {
    await using door = await openDoor();
    const login = { username: 'alice', password: 'secret', serveraddress: 'https://index.docker.io/v1/' };
    const header = Buffer.from(JSON.stringify(login)).toString('base64url');
    const path = '/images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=1&platform=linux/arm64';
    const pull = await ask(door.socketPath, 'POST', path, undefined, { 'x-registry-auth': header });
    assert.equal(pull.status, 200);
    assert.deepEqual(door.world.calls.at(-1), [
      'pull',
      {
        reference: 'docker.io/library/busybox:1',
        allTags: false,
        platform: 'linux/arm64',
        login: { username: 'alice', password: 'secret' },
      },
    ]);
    const lines = pull.text
      .trim()
      .split('\r\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines, [
      { status: 'Pulling from library/busybox', id: '1' },
      { status: 'Downloading', progressDetail: { current: 5, total: 10 }, id: 'abc000000000' },
      { status: 'Pull complete', progressDetail: {}, id: 'abc000000000' },
    ]);
    const bad = await ask(door.socketPath, 'POST', path, undefined, { 'x-registry-auth': '!!' });
    assert.equal(bad.status, 400);
  });
});

describe('calls', () => {
  test('parameters reach the services', async () => {
    await using door = await openDoor({ images: [imageDetails({ repoTags: ['example.com:5000/a/b:1'] })] });
    await ask(door.socketPath, 'POST', '/containers/web/stop?t=-1&signal=SIGINT');
    await ask(door.socketPath, 'POST', '/containers/web/kill?signal=TERM');
    await ask(door.socketPath, 'POST', '/containers/web/rename?name=/new');
    await ask(door.socketPath, 'DELETE', '/containers/web?force=1&v=0');
    await ask(door.socketPath, 'POST', '/containers/web/resize?h=24&w=80');
    await ask(door.socketPath, 'POST', '/images/example.com:5000/a/b:1/tag?repo=x%2Fy&tag=2');
    await ask(door.socketPath, 'DELETE', '/images/example.com:5000%2Fa/b:1?force=true');
    assert.deepEqual(door.world.calls, [
      ['stop', 'web', { timeoutSeconds: -1, signal: 'SIGINT' }],
      ['kill', 'web', 'TERM'],
      ['rename', 'web', 'new'],
      ['remove', 'web', { force: true, volumes: false }],
      ['resize', 'web', { rows: 24, columns: 80 }],
      ['tag', 'example.com:5000/a/b:1', 'x/y:2'],
      ['remove image', 'example.com:5000/a/b:1', { force: true, prune: true }],
    ]);
    assert.equal((await ask(door.socketPath, 'GET', '/images/example.com:5000/a/b:1/json')).status, 200);
    const bad = await ask(door.socketPath, 'POST', '/containers/web/stop?t=soon');
    assert.equal(bad.status, 400);
  });

  test('filters in both forms; unknown ones refused', async () => {
    await using door = await openDoor();
    const list = (filters: string) =>
      ask(door.socketPath, 'GET', `/containers/json?all=1&limit=2&filters=${encodeURIComponent(filters)}`);
    await list('{"name":{"a":true},"status":["running","exited"],"label":{}}');
    assert.deepEqual(door.world.listed, [
      { all: true, limit: 2, filters: { name: ['a'], status: ['running', 'exited'] } },
    ]);
    for (const wrong of ['{"nome":["a"]}', 'nonsense', '{"name":1}', '[]']) {
      const answer = await list(wrong);
      assert.equal(answer.status, 400, wrong);
      assert.match(answer.json().message, /^invalid filter/);
    }
  });

  test('wait sends its head once it is registered', async () => {
    await using door = await openDoor({ wait: createChannel() });
    const socket = net.connect(door.socketPath);
    socket.write('POST /v1.51/containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\n\r\n');
    await until(socket, /HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n/);
    assert.deepEqual(door.world.calls, [['wait', 'web', 'next-exit']]);
    const result = until(socket, /StatusCode/);
    door.world.wait.push({ exitCode: 7 });
    assert.match(await result, /\{"StatusCode":7\}/);
    socket.destroy();
    assert.equal((await ask(door.socketPath, 'POST', '/containers/web/wait?condition=sometime')).status, 400);
  });
});

describe('streams', () => {
  test('logs are framed, raw for a terminal, with timestamps when asked', async () => {
    const time = 1_767_323_045_000_000_120n;
    for (const terminal of [false, true]) {
      const container = containerDetails();
      const config = { ...container.config, terminal };
      await using door = await openDoor({ containers: [{ ...container, config }] });
      door.world.logs.push({ timeNano: time, stream: 'stdout', data: Buffer.from('one\n') });
      door.world.logs.push({ timeNano: time, stream: 'stderr', data: Buffer.from('two\n') });
      door.world.logs.end();
      const url = '/v1.51/containers/web/logs?stdout=1&stderr=1&timestamps=1&tail=5&since=12.5&follow=1';
      const answer = await ask(door.socketPath, 'GET', url);
      const stamp = '2026-01-02T03:04:05.000000120Z ';
      if (terminal) {
        assert.equal(answer.text, `${stamp}one\n${stamp}two\n`);
        assert.equal(answer.headers['content-type'], 'application/vnd.docker.raw-stream');
      } else {
        const length = String.fromCharCode(stamp.length + 4);
        const head = (stream: number) => `${String.fromCharCode(stream)}\0\0\0\0\0\0${length}`;
        assert.equal(answer.text, `${head(1)}${stamp}one\n${head(2)}${stamp}two\n`);
        assert.equal(answer.headers['content-type'], 'application/vnd.docker.multiplexed-stream');
      }
      const since = 12_500_000_000n;
      assert.deepEqual(door.world.logOptions, [{ follow: true, stdout: true, stderr: true, tail: 5, since }]);
      const none = await ask(door.socketPath, 'GET', '/containers/web/logs');
      assert.equal(none.json().message, 'Bad parameters: you must choose at least one stream');
    }
  });

  test('a client that leaves ends the source', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    await using door = await openDoor({ events: createChannel({ onClose: resolve }) });
    const socket = net.connect(door.socketPath);
    socket.write('GET /events HTTP/1.1\r\nHost: d\r\n\r\n');
    await until(socket, /\r\n\r\n/);
    socket.destroy();
    await left;
  });

  test('events are filtered lines with exact nanoseconds', async () => {
    await using door = await openDoor();
    const event: EngineEvent = {
      sequence: 1,
      timeNano: 1_767_323_045_123_456_789n,
      type: 'container',
      action: 'start',
      actor: { id: 'abc', attributes: { name: 'web', image: 'busybox:latest', a: 'b' } },
    };
    door.world.events.push(event);
    door.world.events.push({ ...event, action: 'die' });
    door.world.events.push({ ...event, type: 'image', action: 'tag' });
    door.world.events.end();
    const filters = encodeURIComponent(
      '{"event":{"start":true,"tag":true},"container":{"we":true},"image":["busybox"]}',
    );
    const { text } = await ask(door.socketPath, 'GET', `/events?filters=${filters}`);
    assert.equal(
      text,
      `${'{"status":"start","id":"abc","from":"busybox:latest","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"name":"web","image":"busybox:latest","a":"b"}},"scope":"local","time":1767323045,"timeNano":1767323045123456789}'}\r\n`,
    );
  });

  test('a load that fails at once has a status, later a line of its own; the body is drained', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024);
    const failure = new EngineError('invalid', 'not an image', { reason: 'image.not-an-image' });
    await using door = await openDoor({
      load: (tar) => {
        (tar as import('node:stream').Readable).destroy();
        const channel = createChannel<LoadMessage>();
        channel.fail(failure);
        return channel;
      },
    });
    const early = await ask(door.socketPath, 'POST', '/images/load', body);
    assert.equal(early.status, 400);
    assert.equal(early.json().reason, 'image.not-an-image');
    door.world.load = () => {
      const channel = createChannel<LoadMessage>();
      channel.push({ status: 'Loading layer', current: 1, total: 2, id: 'ab' });
      channel.push({ loaded: 'busybox:latest' });
      channel.fail(failure);
      return channel;
    };
    const late = await ask(door.socketPath, 'POST', '/images/load', body);
    assert.equal(late.status, 200);
    assert.deepEqual(
      late.text
        .trim()
        .split('\r\n')
        .map((line) => JSON.parse(line)),
      [
        { status: 'Loading layer', progressDetail: { current: 1, total: 2 }, id: 'ab' },
        { stream: 'Loaded image: busybox:latest\n' },
        {
          errorDetail: { message: 'not an image' },
          error: 'not an image',
          code: 'invalid',
          reason: 'image.not-an-image',
          params: {},
        },
      ],
    );
  });
});

test('a client that leaves in the middle of an upload cancels the work', async () => {
  const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
  await using door = await openDoor({
    import: async ({ tar }) => {
      try {
        for await (const _ of tar);
        resolve('complete');
      } catch (error) {
        resolve(error);
      }
      return `sha256:${'5'.repeat(64)}`;
    },
  });
  const socket = net.connect(door.socketPath);
  socket.write('POST /images/create?fromSrc=- HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nhalf', () =>
    socket.destroy(),
  );
  const error = await outcome;
  assert.ok(error instanceof EngineError && error.code === 'cancelled', String(error));
});

test('the socket has its mode, a live one is not taken, a left over one is', async (t) => {
  const first = createDockerApi({ ...doorServices(), log: quietLog });
  const second = createDockerApi({ ...doorServices(), log: quietLog });
  const directory = await mkdtemp(path.join(tmpdir(), 'beluga-door-'));
  t.after(() => rm(directory, { recursive: true }));
  const socketPath = path.join(directory, 'mode.sock');
  await first.listen({ path: socketPath, mode: 0o600, owner: process.getuid?.() ?? 0 });
  assert.equal((await stat(socketPath)).mode & 0o777, 0o600);
  await assert.rejects(second.listen({ path: socketPath }), { code: 'conflict' });
  await first.close();
  await assert.rejects(stat(socketPath));
  const leftOver = net.createServer();
  await new Promise<void>((resolve) => leftOver.listen(`${socketPath}.tmp`, resolve));
  await rename(`${socketPath}.tmp`, socketPath);
  await new Promise((resolve) => leftOver.close(resolve));
  await second.listen({ path: socketPath });
  assert.equal((await ask(socketPath, 'GET', '/_ping')).status, 200);
  await second.close();
});
