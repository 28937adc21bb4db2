import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { Credentials } from './auth/credentials.ts';
import { parseEndpoint } from './endpoint.ts';
import { fetchBlob, fetchManifest, headManifest } from './fetch.ts';
import { createInsecureHosts } from './insecure-hosts.ts';
import { listTags } from './lists.ts';
import { createRegistryClient } from './registry-client.ts';
import type { FailureDetails, RegistryFailure } from './registry-failure.ts';
import { retryAfterOf } from './registry-session.ts';
import { createTransport } from './transport/transport.ts';

/** A server that does what a test wants of a registry; its host. */
async function serve(t: TestContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

function open(t: TestContext, address: string, options: { login?: Credentials; signal?: AbortSignal } = {}) {
  const limits = { connect: 5000, answer: 300, stall: 300 };
  const transport = createTransport({ certificateFolders: [], proxiesFor: () => ({}), limits, userAgent: 'test' });
  t.after(() => transport.close());
  const client = createRegistryClient({
    transport,
    insecure: createInsecureHosts([]),
    credentials: { credentialsFor: async () => options.login },
  });
  const session = client.session(parseEndpoint(address));
  return { session, path: 'a/b', signal: options.signal ?? new AbortController().signal };
}

const fails = (expected: Partial<FailureDetails>, words?: RegExp) => (error: RegistryFailure) => {
  assert.ok(error.details, String(error));
  for (const [key, value] of Object.entries(expected)) {
    assert.equal(error.details[key as keyof FailureDetails], value, key);
  }
  if (words) assert.match(error.message, words);
  return true;
};
const someDigest = `sha256:${'a'.repeat(64)}` as const;
const json = { 'content-type': 'application/json' };

test('a login does not go where a registry redirects to', async (t) => {
  const seen: (string | undefined)[] = [];
  const store = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end('bytes');
  });
  const address = await serve(t, (request, response) => {
    if (!request.headers.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    } else response.writeHead(307, { location: `http://${store}/elsewhere` }).end();
  });
  const work = open(t, address, { login: { username: 'u', password: 'p' } });
  const { body } = await fetchBlob(work, someDigest);
  for await (const piece of body) assert.equal(String(piece), 'bytes');
  assert.deepEqual(seen, [undefined]);
});

test('a 401 of the place it redirects to gets no login either', async (t) => {
  let asked = 0;
  const store = await serve(t, (_request, response) => {
    asked++;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  const address = await serve(t, (_request, response) => {
    response.writeHead(307, { location: `http://${store}/elsewhere` }).end();
  });
  const work = open(t, address, { login: { username: 'u', password: 'p' } });
  await assert.rejects(fetchBlob(work, someDigest), fails({ kind: 'status', status: 401 }));
  assert.equal(asked, 1);
});

test('redirects without end are given up', async (t) => {
  const address = await serve(t, (request, response) => {
    response.writeHead(302, { location: `${request.url}x` }).end();
  });
  await assert.rejects(fetchBlob(open(t, address), someDigest), fails({ kind: 'wrong' }, /more than 5 times/));
});

test('what a registry says is told: its words, its code, how long to wait', async (t) => {
  const answers: [number, Record<string, string>, string][] = [
    [429, { 'retry-after': '7' }, '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'],
    [
      412,
      json,
      '{"errors":[{"code":"PRECONDITION","message":"current image with 3 vulnerabilities cannot be pulled"}]}',
    ],
    [503, { 'content-type': 'text/html' }, '<html><h1>Bad day</h1></html>'],
    [500, {}, 'plain\n\u001b[31mwords'],
  ];
  const address = await serve(t, (_request, response) => {
    const [status, headers, body] = answers.shift() ?? [200, {}, ''];
    response.writeHead(status, headers).end(body);
  });
  const ask = () => fetchManifest(open(t, address), 'latest');
  await assert.rejects(ask(), fails({ status: 429, retryAfter: 7000, registryCode: 'TOOMANYREQUESTS' }, /slow down/));
  await assert.rejects(ask(), fails({ status: 412 }, /precondition: current image with 3 vulnerabilities/));
  await assert.rejects(ask(), (error: RegistryFailure) => {
    assert.doesNotMatch(error.message, /html/);
    return fails({ status: 503 })(error);
  });
  await assert.rejects(ask(), fails({ status: 500, detail: 'plain [31mwords' }));
});

test('silence, a cut answer, other bytes and other ranges are told apart', async (t) => {
  const bytes = Buffer.from('{"schemaVersion":2}');
  const address = await serve(t, (request, response) => {
    const { url = '' } = request;
    if (url.endsWith('silent')) return;
    if (url.includes('/manifests/')) response.end(bytes);
    else if (request.headers.range === 'bytes=1-') response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end();
    else if (request.headers.range) response.end('from the start');
    else {
      response.writeHead(200, { 'content-length': 100 }).write('begin');
      if (url.endsWith('b'.repeat(64))) setTimeout(() => response.destroy(), 20);
    }
  });
  const work = open(t, address);
  const drain = async (digest: typeof someDigest) => {
    for await (const _ of (await fetchBlob(work, digest)).body);
  };
  await assert.rejects(fetchManifest(work, 'silent'), fails({ kind: 'stalled' }));
  await assert.rejects(drain(`sha256:${'b'.repeat(64)}`), fails({ kind: 'cut' }, /after 5 bytes/));
  await assert.rejects(drain(someDigest), fails({ kind: 'stalled' }, /after 5 bytes/));
  await assert.rejects(fetchManifest(work, someDigest), fails({ kind: 'wrong' }, /other bytes/));
  await assert.rejects(fetchBlob(work, someDigest, 1), fails({ kind: 'wrong' }));
  assert.equal((await fetchBlob(work, someDigest, 2)).offset, 0);
});

test('a reader that is slow is no silent registry', async (t) => {
  const address = await serve(t, (_request, response) => response.end(Buffer.alloc(4 << 20)));
  const { body } = await fetchBlob(open(t, address), someDigest);
  let read = 0;
  for await (const piece of body) {
    if (read === 0) await new Promise((resolve) => setTimeout(resolve, 800));
    read += piece.length;
  }
  assert.equal(read, 4 << 20);
});

test('nobody there; cancelled before and during the answer', async (t) => {
  await assert.rejects(fetchManifest(open(t, '127.0.0.1:1'), 'x'), fails({ kind: 'connect' }, /ECONNREFUSED/));
  const address = await serve(t, (_request, response) => void response.writeHead(200).write('x'));
  const before = AbortSignal.abort(new Error('stopped'));
  await assert.rejects(fetchBlob(open(t, address, { signal: before }), someDigest), /stopped/);
  const during = new AbortController();
  const { body } = await fetchBlob(open(t, address, { signal: during.signal }), someDigest);
  const reading = (async () => {
    for await (const _ of body) during.abort(new Error('stopped'));
  })();
  await assert.rejects(reading, /stopped/);
});

test('schema 1 is refused by name; a registry without digests in its heads is asked in full', async (t) => {
  const address = await serve(t, (request, response) => {
    if (request.url?.endsWith('old')) response.writeHead(200, json).end('{"schemaVersion":1}');
    else response.writeHead(200, json).end('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json"}');
  });
  const work = open(t, address);
  await assert.rejects(fetchManifest(work, 'old'), { reason: 'image.schema-1' });
  const head = await headManifest(work, 'new');
  assert.equal(head.size, 73);
  assert.equal(head.mediaType, 'application/vnd.oci.image.index.v1+json');
});

test('pages of tags are followed, but not to another host', async (t) => {
  const address = await serve(t, (request, response) => {
    const next = request.url?.includes('last=b')
      ? '<http://elsewhere.test/v2/>; rel="next"'
      : '</v2/a/b/tags/list?last=b>; rel="next"';
    const tags = request.url?.includes('last=b') ? ['c'] : ['a', 'b'];
    response.writeHead(200, { link: next }).end(JSON.stringify({ tags }));
  });
  const seen: string[] = [];
  const read = async () => {
    for await (const page of listTags(open(t, address))) seen.push(...page);
  };
  await assert.rejects(read(), fails({ kind: 'wrong' }, /goes on at elsewhere.test/));
  assert.deepEqual(seen, ['a', 'b', 'c']);
});

test('a token that the registry no longer takes is renewed once', async (t) => {
  let given = 0;
  const address = await serve(t, (request, response) => {
    const realm = `http://${request.headers.host}/token`;
    if (request.url?.startsWith('/token')) {
      given++;
      response.end(JSON.stringify({ access_token: `t${given}` }));
    } else if (request.headers.authorization === 'Bearer t2') response.end('{"schemaVersion":2}');
    else response.writeHead(401, { 'www-authenticate': `Basic realm="x", Bearer realm="${realm}",service="s"` }).end();
  });
  const work = open(t, address);
  await assert.rejects(fetchManifest(work, 'x'), fails({ status: 401 }));
  await fetchManifest(work, 'x');
  assert.equal(given, 2);
});

test('a token service that is no address is not asked', async (t) => {
  const address = await serve(t, (_request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Bearer realm="ftp://x"' }).end();
  });
  const work = open(t, address, { login: { username: 'u', password: 'p' } });
  await assert.rejects(fetchManifest(work, 'x'), fails({ kind: 'wrong' }, /token service/));
});

test('Retry-After: seconds, a date, nonsense', () => {
  assert.equal(retryAfterOf(undefined), undefined);
  assert.equal(retryAfterOf('120'), 120_000);
  assert.equal(retryAfterOf('Thu, 01 Jan 1970 00:00:10 GMT', 4000), 6000);
  assert.equal(retryAfterOf('Thu, 01 Jan 1970 00:00:10 GMT', 20_000), 0);
  assert.equal(retryAfterOf('soon'), undefined);
});
