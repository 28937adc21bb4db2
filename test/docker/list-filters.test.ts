import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Answer, ask } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
let ids: { image: string; aa: string };

before(async () => {
  subject = await startSubject();
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-list-'));
  await docker('create', '--name', 'aa', '-l', 'x=1', '-v', `${folder}:/vv`, '--network', 'none', sampleImage);
  await docker('run', '-d', '--name', 'bb', '--network', 'none', sampleImage, 'sleep', '1000');
  const ports = ['-p', '127.0.0.1:28080:80', '-p', '127.0.0.1:29000-29001:9000-9001', '--expose', '53/udp'];
  await docker('run', '-d', '--name', 'cc', ...ports, sampleImage, 'sleep', '1000');
  await docker(
    'run',
    '--name',
    'dd',
    '-l',
    'x=2',
    '-l',
    'y',
    '--network',
    'none',
    sampleImage,
    'sh',
    '-c',
    'exit 3',
  ).catch(() => {});
  const inspected = (what: string) => docker('inspect', '-f', what, 'aa');
  ids = { image: await inspected('{{.Image}}'), aa: await inspected('{{.Id}}') };
});
after(async () => {
  await subject.close();
  rmSync(folder, { recursive: true });
});

const docker = (...args: string[]) => subject.docker(...args);
type Line = Record<string, unknown> & { Names: [string] };
const list = (filters: unknown, query = 'all=1') => {
  const text = typeof filters === 'string' ? filters : JSON.stringify(filters);
  return ask(subject.socket, { path: `/v1.41/containers/json?${query}&filters=${encodeURIComponent(text)}` });
};
const names = (answer: Answer) =>
  answer
    .json<Line[]>()
    .map(({ Names: [name] }) => name.slice(1))
    .join(' ');

test('every filter, and several together', async () => {
  const none = ids.image.slice('sha256:'.length);
  const cases: readonly (readonly [filters: unknown, names: string, query?: string])[] = [
    [{}, 'dd cc bb aa'],
    [{}, 'cc bb', ''],
    [{}, 'dd cc', 'limit=2'],
    [{}, 'cc bb', 'limit=-1'],
    [{}, 'cc bb', 'limit=0'],
    [{}, 'dd cc bb aa', 'all=foo'],
    [{ status: ['running', 'exited'] }, 'dd cc bb'],
    [{ status: ['created'] }, 'aa', ''],
    [{ exited: ['3'] }, 'dd'],
    [{ exited: ['3'] }, '', ''],
    [{ exited: ['0'] }, ''],
    [{ exited: ['3'], status: ['running'] }, ''],
    [{ health: ['none'] }, 'dd cc bb aa'],
    [{ health: ['starting'] }, ''],
    [{ 'is-task': ['true'] }, ''],
    [{ 'is-task': ['false'] }, 'dd cc bb aa'],
    [{ isolation: ['x'] }, 'dd cc bb aa'],
    [{ name: ['^/aa$'] }, 'aa'],
    [{ name: ['^aa$', 'b+'] }, 'bb aa'],
    [{ name: ['('] }, ''],
    [{ name: ['AA'] }, ''],
    [{ name: ['(?i)AA'] }, 'aa'],
    [{ name: { aa: true } }, 'aa'],
    [{ name: ['aa'] }, '', ''],
    [{ id: [ids.aa.slice(0, 8)] }, 'aa'],
    [{ id: [ids.aa.slice(5, 15)] }, ''],
    [{ label: ['x'] }, 'dd aa'],
    [{ label: ['x=1'] }, 'aa'],
    [{ label: ['x', 'y'] }, 'dd'],
    [{ before: ['cc'] }, 'bb aa'],
    [{ since: ['aa'] }, 'dd cc bb'],
    [{ since: ['aa'] }, 'cc bb', ''],
    [{ network: ['none'] }, 'dd bb aa'],
    [{ network: ['no'] }, ''],
    [{ volume: ['/vv'] }, 'aa'],
    [{ volume: [folder] }, 'aa'],
    [{ volume: ['vv'] }, ''],
    [{ publish: ['28080'] }, 'cc'],
    [{ publish: ['80'] }, ''],
    [{ publish: ['28080/udp'] }, ''],
    [{ publish: ['29001-29010/tcp'] }, 'cc'],
    [{ expose: ['80'] }, 'cc'],
    [{ expose: ['50-60/udp'] }, 'cc'],
    [{ expose: ['53'] }, ''],
    [{ ancestor: [sampleImage] }, 'dd cc bb aa'],
    [{ ancestor: [ids.image] }, 'dd cc bb aa'],
    [{ ancestor: [none.slice(0, 12)] }, 'dd cc bb aa'],
    [{ ancestor: ['none-such'] }, ''],
    [{ label: ['x'], status: ['exited'] }, 'dd'],
  ];
  for (const [filters, expected, query] of cases) {
    const answer = await list(filters, query);
    assert.equal(answer.status, 200, `${JSON.stringify(filters)}: ${answer.text}`);
    assert.equal(names(answer), expected, `${JSON.stringify(filters)} ${query ?? ''}`);
  }
});

test('an image that was made of another one counts as its child', async () => {
  await docker('commit', 'dd', 'list/child:1');
  await docker('create', '--name', 'ee', '--network', 'none', 'list/child:1');
  assert.equal(names(await list({ ancestor: [sampleImage] })), 'ee dd cc bb aa');
  assert.equal(names(await list({ ancestor: ['list/child:1'] })), 'ee');
  await docker('rm', 'ee');
  await docker('rmi', 'list/child:1');
});

test("refusals in Docker's words", async () => {
  // dockerd 20.10 has other statuses for some, and a capital letter
  const cases: readonly (readonly [filters: unknown, status: number, words: RegExp])[] = [
    [{ foo: ['1'] }, 400, /^invalid filter 'foo'$/i],
    [{ 'label!': ['1'] }, 400, /^invalid filter 'label!'$/i],
    ['zz', 400, /^invalid filter$|invalid character/],
    ['[]', 400, /^invalid filter$|cannot unmarshal/],
    [{ status: ['foo'] }, 400, /^invalid filter 'status=foo'$/i],
    [{ exited: ['x'] }, 400, /strconv.Atoi: parsing "x": invalid syntax$/],
    [{ health: ['foo'] }, 400, /^unrecogni[sz]ed filter value for health: foo$/i],
    [{ 'is-task': ['x'] }, 400, /^invalid filter 'is-task=\[x\]'$/i],
    [{ before: ['none-such'] }, 404, /^no such container:? none-such$/i],
    [{ publish: ['x'] }, 400, /^error while looking up for publish x: strconv.ParseUint: parsing "x": invalid syntax$/],
    [{ publish: ['9-1'] }, 400, /^error while looking up for publish 9-1: [Ii]nvalid range specified for/],
    [{ expose: ['99999'] }, 400, /parsing "99999": value out of range$/],
    [{ expose: ['80:80'] }, 400, /^filter for 'expose' should not contain ':': 80:80$/],
  ];
  for (const [filters, status, words] of cases) {
    const answer = await list(filters);
    const shown = `${JSON.stringify(filters)}: ${answer.status} ${answer.text}`;
    assert.ok(answer.status === status || (!subject.isBeluga && answer.status === 500), shown);
    assert.match(answer.json().message, words, shown);
  }
});

test('what ps shows, with sizes when they are asked for', async () => {
  const one = (text: string) => JSON.parse(text).find(({ Names }: Line) => Names[0] === '/aa') as Line;
  const plain = one((await list({})).text);
  assert.equal(plain.SizeRw ?? plain.SizeRootFs, undefined);
  assert.deepEqual([plain.State, plain.Status, plain.Command], ['created', 'Created', '/welcome']);
  const sized = one((await list({}, 'all=1&size=1')).text);
  assert.ok(Number(sized.SizeRootFs) > 100_000);
  assert.equal(sized.SizeRw, undefined);
  const format =
    '{{.Names}}|{{.Ports}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Networks}}|{{.Label "x"}}|{{.RunningFor}}|{{.State}}';
  const [cc, , aa] = (await docker('ps', '-a', '--format', format)).split('\n').slice(1);
  const ports = '127.0.0.1:28080->80/tcp, 127.0.0.1:29000->9000/tcp, 127.0.0.1:29001->9001/tcp';
  assert.match(cc ?? '', /^cc\|53\/udp, 127\.0\.0\.1:28080->80\/tcp, .*\|\|0\|bridge\|\|.* ago\|running$/, ports);
  assert.match(aa ?? '', /^aa\|\|\/tmp\/beluga-l.*\|0\|none\|1\|.* ago\|created$/);
});
