import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createDockerodeHost } from './dockerode-host.ts';
import { HostError } from './host-error.ts';

/** A real HTTP server on a unix socket: what matters here are the words on the wire. */
async function hostWith(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-dockerode-'));
  const socket = path.join(folder, 'docker.sock');
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return createDockerodeHost(socket);
}

const failure = (work: Promise<unknown>): Promise<HostError> =>
  work.then(
    () => assert.fail('it did not fail'),
    (error) => (error instanceof HostError ? error : assert.fail(String(error))),
  );

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const never = new AbortController().signal;

test("Beluga's error bodies keep code, reason and params; dockerd's get their code by status", async (t) => {
  const host = await hostWith(t, (request, response) => {
    if (request.url?.includes('/ours/')) {
      response.writeHead(409);
      response.end('{"message":"taken","code":"conflict","reason":"container.name-taken","params":{"name":"a"}}');
    } else if (request.url?.includes('/running/')) response.writeHead(304).end();
    else if (request.url?.includes('/html/')) response.writeHead(502).end('<html>bad gateway</html>');
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"No such container: x"}');
  });
  const ours = await failure(host.containers.rename('ours', 'a'));
  assert.deepEqual(
    [ours.code, ours.reason, ours.params, ours.message],
    ['conflict', 'container.name-taken', { name: 'a' }, 'taken'],
  );
  const theirs = await failure(host.containers.inspect('x'));
  assert.deepEqual([theirs.code, theirs.reason, theirs.message], ['not-found', undefined, 'No such container: x']);
  assert.equal((await failure(host.containers.start('running'))).code, 'not-modified');
  assert.equal((await failure(host.containers.start('html'))).code, 'internal');
});

test('the errors of streams keep their fields, too', async (t) => {
  const host = await hostWith(t, (_, response) => {
    response.writeHead(404).end('{"message":"gone","code":"not-found","reason":"container.not-found","params":{}}');
  });
  const logs = host.containers.logs('x', { follow: true, tty: false }, never);
  assert.equal((await failure(all(logs))).reason, 'container.not-found');
  assert.equal((await failure(host.system.events(never))).reason, 'container.not-found');
});

test('nobody listens, and nobody has an extension', async (t) => {
  const away = await failure(createDockerodeHost('/nonexistent/docker.sock').system.version());
  assert.deepEqual([away.code, away.reason], ['unavailable', 'engine.not-answering']);
  const host = await hostWith(t, (_, response) => response.writeHead(404).end('{"message":"page not found"}'));
  assert.equal(await host.system.extension('/beluga/version'), undefined);
});

test('what is asked: paths, queries and bodies', async (t) => {
  const asked: string[] = [];
  const host = await hostWith(t, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      response.writeHead(request.method === 'POST' && request.url?.includes('create') ? 201 : 200);
      response.end('{"Id":"i","Warnings":null}');
    });
  });
  assert.deepEqual(await host.containers.create({ Image: 'a b', Cmd: ['sh'] }, 'web'), { id: 'i', warnings: [] });
  await host.containers.create({ Image: 'a' });
  await host.containers.kill('web', 'SIGUSR1');
  await host.containers.remove('web', { force: true });
  await host.images.tag('sha256:ab', 'registry:5000/team/app');
  await host.images.tag('app', 'registry:5000/team/app:1.2');
  assert.deepEqual(asked, [
    'POST /containers/create?name=web {"Image":"a b","Cmd":["sh"]}',
    'POST /containers/create {"Image":"a"}',
    'POST /containers/web/kill?signal=SIGUSR1',
    'DELETE /containers/web?force=1',
    'POST /images/sha256:ab/tag?repo=registry%3A5000%2Fteam%2Fapp&tag=latest',
    'POST /images/app/tag?repo=registry%3A5000%2Fteam%2Fapp&tag=1.2',
  ]);
});

test('load: the words line by line, a refusal in the stream and one by status', async (t) => {
  const host = await hostWith(t, (request, response) => {
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
    });
    request.on('end', () => {
      if (size === 0)
        response.writeHead(400).end('{"message":"no archive","code":"invalid","reason":"image.not-an-image"}');
      else if (size < 10)
        response.end(
          '{"errorDetail":{"message":"damaged","reason":"image.truncated","code":"invalid"},"error":"damaged"}\n',
        );
      else response.end(`{"stream":"Loaded image: a:1\\n"}\n{"stream":"Loaded image: b:${size}\\n"}\n`);
    });
  });
  async function* archive(size: number) {
    if (size > 0) yield new Uint8Array(size);
  }
  assert.deepEqual(await all(host.images.load(archive(3_000_000), never)), [
    'Loaded image: a:1',
    'Loaded image: b:3000000',
  ]);
  assert.equal((await failure(all(host.images.load(archive(5), never)))).reason, 'image.truncated');
  assert.equal((await failure(all(host.images.load(archive(0), never)))).reason, 'image.not-an-image');
});

test('an aborted stream ends without failure and hangs up; one that breaks fails', async (t) => {
  let hungUp: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    hungUp = resolve;
  });
  const host = await hostWith(t, (request, response) => {
    response.write('{"Type":"container","Action":"start","Actor":{"ID":"a"}}\n');
    if (request.url === '/containers/x/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=all') {
      setImmediate(() => response.destroy());
    } else response.on('close', hungUp);
  });
  const stop = new AbortController();
  for await (const event of await host.system.events(stop.signal)) {
    assert.equal(event.Action, 'start');
    stop.abort();
  }
  await closed;
  const logs = host.containers.logs('x', { follow: true, tty: true }, never);
  assert.equal((await failure(all(logs))).code, 'unavailable');
});

test('a pull and a push carry their login and the parts of the name; a refusal in the lines keeps its fields', async (t) => {
  const seen: string[] = [];
  const host = await hostWith(t, (request, response) => {
    const auth = Buffer.from(String(request.headers['x-registry-auth']), 'base64url').toString();
    seen.push(`${request.method} ${decodeURIComponent(request.url ?? '')} ${auth}`);
    response.write('{"status":"Pulling fs layer","id":"aa"}\r\n');
    response.end('{"errorDetail":{"message":"no","reason":"image.pull-denied","params":{"image":"a"}},"error":"no"}\n');
  });
  const login = { username: 'u', password: 'p' };
  const digest = `sha256:${'0'.repeat(64)}`;
  const reference = `127.0.0.1:5000/a:1@${digest}`;
  const lines: unknown[] = [];
  const pulled = async () => {
    for await (const line of host.images.pull({ reference, platform: 'linux/arm64', login }, never)) lines.push(line);
  };
  const refused = await failure(pulled());
  assert.deepEqual([refused.reason, refused.params], ['image.pull-denied', { image: 'a' }]);
  assert.deepEqual(lines, [{ status: 'Pulling fs layer', id: 'aa' }]);
  await failure(all(host.images.push('team/b', undefined, never)));
  assert.deepEqual(seen, [
    `POST /images/create?fromImage=127.0.0.1:5000/a&tag=${digest}&platform=linux/arm64 {"username":"u","password":"p"}`,
    'POST /images/team/b/push?tag=latest {}',
  ]);
});

test('the extension: what has no route or no reason is not there, what is refused is told', async (t) => {
  const host = await hostWith(t, (request, response) => {
    if (request.url === '/beluga/gone') response.writeHead(404).end('{"message":"gone","reason":"transfer.not-found"}');
    else if (request.method === 'POST') response.writeHead(201).end('{"id":"t"}');
    else if (request.method === 'DELETE') response.writeHead(204).end();
    else response.writeHead(404).end('{"message":"page not found"}');
  });
  assert.equal(await host.system.extension('/beluga/nothing'), undefined);
  assert.deepEqual(await host.system.extension('/beluga/transfers', { method: 'POST', body: {} }), { id: 't' });
  assert.equal(await host.system.extension('/beluga/transfers/t', { method: 'DELETE' }), undefined);
  assert.equal((await failure(host.system.extension('/beluga/gone'))).reason, 'transfer.not-found');
});

test('save names every image, prune its filters', async (t) => {
  const seen: string[] = [];
  const host = await hostWith(t, (request, response) => {
    seen.push(decodeURIComponent(request.url ?? ''));
    response.end(
      request.method === 'GET' ? 'tar' : '{"ImagesDeleted":[{"Untagged":"a"},{"Deleted":"b"}],"SpaceReclaimed":5}',
    );
  });
  const pieces = await all(host.images.save(['a:1', 'b&c:2'], never));
  assert.equal(Buffer.concat(pieces).toString(), 'tar');
  assert.deepEqual(await host.images.prune({ dangling: false, until: '24h' }), { deleted: ['b'], freed: 5 });
  assert.deepEqual(seen, [
    '/images/get?names=a:1&names=b&c:2',
    '/images/prune?filters={"dangling":["false"],"until":["24h"]}',
  ]);
});
