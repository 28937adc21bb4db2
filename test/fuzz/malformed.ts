import schemas from '../../engine/http/wire/schemas.generated.json' with { type: 'json' };
import type { Random } from '../crash/random.ts';
import { badFilters, badJson, badTexts, type Schema, wrongBody } from './bad-values.ts';

/** Bytes for one connection, and how they are sent. */
export interface Malformed {
  /** What is wrong with it, for a person. */
  what: string;
  bytes: Buffer;
  /** Sent in so many pieces. */
  pieces: number;
  /**
   * The client closes its side, or everything, once all is sent; or it waits for an answer. A request of which a part
   * is missing gets none before.
   */
  ending: 'wait' | 'half-close' | 'cut';
  /** Right statuses of every answer; undefined: any but 5xx. */
  statuses?: readonly number[];
}

interface Target {
  method: string;
  path: string;
  body?: keyof typeof schemas.properties;
  /** Names of its query that are read. */
  query?: readonly string[];
  hijacks?: boolean;
}

/** Every door that takes something; what they name is not there, but for `known`. */
const targetsOf = (known: string): readonly Target[] => [
  { method: 'GET', path: '/_ping' },
  { method: 'GET', path: '/version' },
  { method: 'GET', path: '/info' },
  { method: 'GET', path: '/events', query: ['since', 'until', 'filters'] },
  { method: 'GET', path: '/system/df', query: ['type'] },
  { method: 'GET', path: '/containers/json', query: ['all', 'limit', 'size', 'filters'] },
  { method: 'POST', path: '/containers/create', body: 'ContainerCreateRequest', query: ['name', 'platform'] },
  { method: 'GET', path: `/containers/${known}/json`, query: ['size'] },
  { method: 'GET', path: `/containers/${known}/logs`, query: ['stdout', 'since', 'until', 'tail', 'timestamps'] },
  { method: 'GET', path: `/containers/${known}/top`, query: ['ps_args'] },
  { method: 'GET', path: `/containers/${known}/stats`, query: ['stream', 'one-shot'] },
  { method: 'POST', path: `/containers/${known}/kill`, query: ['signal'] },
  { method: 'POST', path: `/containers/${known}/wait`, query: ['condition'] },
  { method: 'POST', path: `/containers/${known}/rename`, query: ['name'] },
  { method: 'POST', path: `/containers/${known}/resize`, query: ['h', 'w'] },
  { method: 'POST', path: `/containers/${known}/update`, body: 'ContainerUpdateRequest' },
  { method: 'POST', path: `/containers/${known}/exec`, body: 'ExecConfig' },
  { method: 'POST', path: `/containers/${known}/attach`, query: ['stream', 'stdin', 'detachKeys'], hijacks: true },
  { method: 'GET', path: `/containers/${known}/attach/ws`, query: ['stream', 'stdin', 'detachKeys'], hijacks: true },
  { method: 'POST', path: '/containers/nothing/start' },
  { method: 'POST', path: '/containers/nothing/stop', query: ['t', 'signal'] },
  { method: 'DELETE', path: '/containers/nothing', query: ['force', 'v'] },
  { method: 'POST', path: '/exec/nothing/start', body: 'ExecStartConfig', hijacks: true },
  { method: 'GET', path: '/exec/nothing/json' },
  { method: 'GET', path: '/images/json', query: ['all', 'filters', 'shared-size'] },
  { method: 'GET', path: '/images/nothing/json', query: ['platform'] },
  { method: 'POST', path: '/images/prune', query: ['filters'] },
  { method: 'POST', path: '/images/nothing/tag', query: ['repo', 'tag'] },
  { method: 'POST', path: '/images/load', query: ['quiet'] },
  { method: 'POST', path: '/auth', body: 'AuthConfig' },
  { method: 'GET', path: '/networks', query: ['filters'] },
  { method: 'GET', path: '/networks/nothing' },
  { method: 'GET', path: '/volumes', query: ['filters'] },
];

const crlf = '\r\n';

interface Parts {
  line: string;
  headers: readonly string[];
  body: Buffer;
}

const bytesOf = ({ line, headers, body }: Parts) =>
  Buffer.concat([Buffer.from(`${[line, ...headers].join(crlf)}${crlf}${crlf}`, 'latin1'), body]);

const close = ['Host: docker', 'Connection: close'];
const json = (text: string | Buffer): Pick<Parts, 'headers' | 'body'> => {
  const body = Buffer.from(text);
  return { headers: [...close, 'Content-Type: application/json', `Content-Length: ${body.length}`], body };
};

type Maker = (random: Random, target: Target) => Omit<Malformed, 'pieces'>;

const whole = (what: string, parts: Parts, statuses?: readonly number[]): Omit<Malformed, 'pieces'> => ({
  what,
  bytes: bytesOf(parts),
  ending: 'wait',
  ...(statuses && { statuses }),
});

const badMethod: Maker = (random, { path }) => {
  const method = random.pick([
    'get',
    'PATCH',
    'BREW',
    'TRACE',
    'CONNECT',
    'PROPFIND',
    'G E T',
    '\0',
    'GET\t',
    'OPTIONS',
    'x'.repeat(300),
  ]);
  return whole('a bad method', { line: `${method} ${path} HTTP/1.1`, headers: close, body: Buffer.alloc(0) });
};

const badPath: Maker = (random, { method }) => {
  const piece = random.pick(badTexts).replace(/[\r\n ]/g, '_');
  const raw = random.pick([
    ...[`/containers/${piece}/json`, `/images/${piece}/json`, `/networks/${piece}`, `/${piece}`, `/v1.41${piece}/info`],
    ...[
      `/v${piece}/info`,
      `/exec/${encodeURIComponent('\ud800'.toWellFormed())}/json`,
      '//',
      '/..',
      '*',
      'http://x/info',
      '',
    ],
    ...[
      '/containers/%ff%fe/json',
      '/containers/%c0%af/json',
      '/containers//json',
      '/v99999999999.1/info',
      '/v1.1.1/info',
    ],
    `/containers/${'%41'.repeat(20_000)}/json`,
  ]);
  return whole('a bad path', {
    line: `${method} ${raw} HTTP/1.1`,
    headers: [...close, 'Content-Length: 0'],
    body: Buffer.alloc(0),
  });
};

const badQuery: Maker = (random, { method, path, query = ['x'] }) => {
  const name = random.pick(query);
  const value = name === 'filters' ? random.pick(badFilters) : random.pick(badTexts);
  const text = random.chance(0.8) ? encodeURIComponent(value.toWellFormed()) : value.replace(/[\r\n ]/g, '+');
  const line = `${method} ${path}?${name}=${text}${random.chance(0.3) ? `&${name}=&=&&?` : ''} HTTP/1.1`;
  return whole(`a bad ${name}`, { line, headers: [...close, 'Content-Length: 0'], body: Buffer.alloc(0) });
};

const badLine: Maker = (random) => {
  const text = random.pick([
    ...[
      'GET',
      'GET /info',
      'GET /info HTTP/9.9',
      'GET /info HTTP/1.1 x',
      'HTTP/1.1 200 OK',
      ' GET /info HTTP/1.1',
      '\x16\x03\x01\x02\x00',
    ],
    ...[
      'PRI * HTTP/2.0\r\n\r\nSM',
      'GET /info FTP/1.0',
      '{"json":true}',
      '\0\0\0\0',
      'GET  /info  HTTP/1.1',
      'GET /in fo HTTP/1.1',
    ],
  ]);
  return { what: 'a bad request line', bytes: Buffer.from(`${text}${crlf}${crlf}`, 'latin1'), ending: 'half-close' };
};

const badHeaders: Maker = (random, { method, path }) => {
  const bad = random.pick<readonly string[]>([
    ['No colon'],
    [': no name'],
    ['Na me: x'],
    ['X: a\0b'],
    ['X: \x80\xff'],
    ['Content-Length: x'],
    ['Content-Length: -5'],
    ['Content-Length: 99999999999999999999'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: nonsense'],
    ['Transfer-Encoding: chunked, gzip'],
    ['Expect: 200-maybe'],
    ['Host: a', 'Host: b'],
    [`X: ${'y'.repeat(1_200_000)}`],
    Array.from({ length: 3000 }, (_, index) => `X-${index}: y`),
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'],
    ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: x'],
    ['Upgrade: tcp'],
    ['X-Registry-Auth: not base64 !'],
    ['X-Registry-Auth: bnVsbA=='],
    ['X-Registry-Auth: NQ=='],
    [' folded: x', '\tmore'],
  ]);
  const parts = { line: `${method} ${path} HTTP/1.1`, headers: [...close, ...bad], body: Buffer.alloc(0) };
  return { what: `bad headers (${(bad[0] ?? '').slice(0, 40)})`, bytes: bytesOf(parts), ending: 'half-close' };
};

const badChunks: Maker = (random, { method, path }) => {
  const chunks = random.pick([
    ...[
      'zz\r\nabc\r\n',
      '5\r\nab',
      '-1\r\n',
      'fffffffffffffffff\r\n',
      '5;ext\r\nabcde',
      '2\r\nab0\r\n\r\n',
      '0\r\n',
      '0\r\nTrailer',
      '\r\n\r\n',
    ],
    '1\r\n{\r\n0\r\n\r\n',
  ]);
  const headers = ['Host: docker', 'Content-Type: application/json', 'Transfer-Encoding: chunked'];
  const parts = { line: `${method === 'GET' ? 'POST' : method} ${path} HTTP/1.1`, headers, body: Buffer.from(chunks) };
  return { what: 'bad chunks', bytes: bytesOf(parts), ending: random.pick(['half-close', 'cut'] as const) };
};

const halfBody: Maker = (random, { path }) => {
  const headers = ['Host: docker', 'Content-Type: application/json', `Content-Length: ${10 + random.below(100_000)}`];
  const parts = { line: `POST ${path} HTTP/1.1`, headers, body: Buffer.from('{"Image":"x'.slice(0, random.below(12))) };
  return { what: 'half a body', bytes: bytesOf(parts), ending: random.pick(['half-close', 'cut'] as const) };
};

const wrongType: Maker = (random, { path }) => {
  const type = random.pick([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    '',
    'application/jsonp',
    '\x80',
    'application/json; charset=utf-16',
  ]);
  const { body } = json('{"Image":"nothing/at-all"}');
  const headers = [...close, `Content-Type: ${type}`, `Content-Length: ${body.length}`];
  return whole('a wrong content type', { line: `POST ${path} HTTP/1.1`, headers, body });
};

const notJson: Maker = (random, { path }) =>
  whole('bad JSON', { line: `POST ${path} HTTP/1.1`, ...json(badJson(random)) });

const invalidText: Maker = (random, { path }) => {
  const bytes = Buffer.from([
    ...Buffer.from('{"Image":"'),
    0xff,
    0xfe,
    0xc0,
    0xaf,
    random.below(256),
    ...Buffer.from('"}'),
  ]);
  return whole('invalid UTF-8', { line: `POST ${path} HTTP/1.1`, ...json(bytes) });
};

const wrongField: Maker = (random, { path, body }) => {
  const value = wrongBody(random, body ? (schemas.properties[body] as Schema) : {});
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const image = path.endsWith('/create') && { Image: 'nothing/at-all' };
  // nobody beyond this machine is asked
  const nowhere = body === 'AuthConfig' && { serveraddress: '127.0.0.1:1' };
  const text = JSON.stringify(isObject ? { ...image, ...value, ...nowhere } : value);
  return whole(`a wrong field: ${text.slice(0, 300)}`, { line: `POST ${path} HTTP/1.1`, ...json(text) });
};

/** What comes behind this head is frames, or none. */
const webSocket = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${'A'.repeat(22)}==`];

const cutStream: Maker = (random, { method, path }) => {
  const protocol = path.endsWith('/ws') ? webSocket : ['Upgrade: tcp'];
  const upgrade = random.chance(0.5) ? ['Connection: Upgrade', ...protocol] : [];
  const noise = Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
  const query = path.includes('/attach') ? '?stream=1&stdin=1&stdout=1&logs=1' : '';
  const body = random.chance(0.3) ? ['Content-Length: 2', 'Content-Type: application/json'] : [];
  const parts = {
    line: `${method} ${path}${query} HTTP/1.1`,
    headers: ['Host: docker', ...upgrade, ...body],
    body: noise,
  };
  return { what: 'a stream that is cut', bytes: bytesOf(parts), ending: 'cut' };
};

const pipelined: Maker = (random, target) => {
  const good = Buffer.from(`GET /_ping HTTP/1.1${crlf}Host: docker${crlf}${crlf}`);
  const bad = random.pick([badPath, badQuery, notJson, badHeaders])(random, target).bytes;
  const all = random.chance(0.5) ? [good, good, bad, good] : Array<Buffer>(30).fill(good);
  return { what: 'pipelined requests', bytes: Buffer.concat(all), ending: random.pick(['half-close', 'cut'] as const) };
};

const makers: readonly (readonly [number, Maker])[] = [
  ...([
    [6, badMethod],
    [10, badPath],
    [16, badQuery],
    [5, badLine],
    [8, badHeaders],
    [5, badChunks],
    [5, halfBody],
    [4, wrongType],
    [7, notJson],
    [3, invalidText],
    [26, wrongField],
    [6, cutStream],
    [4, pipelined],
  ] as const),
];
const draw = makers.flatMap(([weight, maker]) => Array<Maker>(weight).fill(maker));

/** One malformed request or stream. @param known a container that is there */
export function malformed(random: Random, known: string): Malformed {
  const targets = targetsOf(known);
  const maker = random.pick(draw);
  const fitting = targets.filter(({ body, query, hijacks }) => {
    if (maker === wrongField) return body !== undefined;
    if (body === 'AuthConfig') return false;
    if (maker === cutStream) return hijacks === true || (query !== undefined && random.chance(0.3));
    return maker !== badQuery || query !== undefined;
  });
  const target = random.pick(fitting);
  const made = maker(random, target);
  return {
    ...made,
    what: `${made.what}, ${target.method} ${target.path}`,
    pieces: random.chance(0.1) ? 2 + random.below(20) : 1,
  };
}
