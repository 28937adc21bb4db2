import assert from 'node:assert/strict';
import os from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { fluentServer, freePort, gelfServer, type Receiver, syslogServer } from './log-receivers.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());
const open: Receiver<unknown>[] = [];
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
  for (const receiver of open.splice(0)) await receiver.close();
});

const docker = (...args: string[]) => subject.docker(...args);
const opened = <T>(receiver: Receiver<T>) => {
  open.push(receiver);
  return receiver;
};
const logBy = (driver: string, ...options: string[]) => [
  ...['--network', 'none', '--log-driver', driver],
  ...options.flatMap((option) => ['--log-opt', option]),
];
const sh = (script: string) => [sampleImage, 'sh', '-c', script];
const both = sh('echo out; sleep 0.1; echo; echo err >&2');
const has = async <T>({ received }: Receiver<T>, count: number) => {
  await waitUntil(`${count} messages came`, () => received.length >= count);
  return received;
};

test('syslog over UDP, TCP and Unix sockets; docker logs reads a copy', async () => {
  for (const kind of ['udp', 'tcp', 'unix', 'unixgram'] as const) {
    const server = opened(await syslogServer(kind));
    await docker(
      'run',
      '--name',
      `sys-${kind}`,
      ...logBy('syslog', `syslog-address=${server.address}`, 'tag={{.Name}}'),
      ...both,
    );
    const [first, second, ...none] = await has(server, 2);
    assert.deepEqual([first?.facility, first?.severity, first?.tag, first?.text], [3, 6, `sys-${kind}`, 'out']);
    assert.deepEqual([second?.severity, second?.text], [3, 'err']);
    assert.deepEqual(none, [], 'an empty line is none');
    const kept = await subject.docker.run(['logs', `sys-${kind}`]);
    assert.deepEqual([kept.stdout, kept.stderr], ['out\n\n', 'err\n']);
    assert.equal(await docker('inspect', '-f', '[{{.LogPath}}]', `sys-${kind}`), '[]');
  }
});

test('syslog: formats and facilities', async () => {
  const server = opened(await syslogServer('tcp'));
  const to = `syslog-address=${server.address}`;
  await docker('run', '--name', 'old', ...logBy('syslog', to, 'syslog-format=rfc3164'), ...sh('echo one'));
  const id = await docker('inspect', '-f', '{{.Id}}', 'old');
  const [one] = await has(server, 1);
  assert.deepEqual([one?.host, one?.tag, one?.text], [os.hostname(), id.slice(0, 12), 'one'], 'the tag is the id');
  await docker(
    'run',
    ...logBy('syslog', to, 'syslog-format=rfc5424micro', 'syslog-facility=local3', 'tag=t/{{.ImageName}}'),
    ...sh('echo two'),
  );
  const two = (await has(server, 2))[1];
  assert.deepEqual([two?.version, two?.facility, two?.tag, two?.text], ['1', 19, `t/${sampleImage}`, 'two']);
  assert.match(two?.time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/);
});

test('fluentd: records with labels and environment, times to the nanosecond, acknowledged', async () => {
  const server = opened(await fluentServer());
  const to = `fluentd-address=${server.address}`;
  const named = ['labels=team', 'env-regex=^COL'];
  const more = ['fluentd-sub-second-precision=true', 'fluentd-request-ack=true', 'tag=docker.{{.Name}}'];
  await docker(
    ...['run', '--name', 'flu', '--label', 'team=blue', '--label', 'other=1', '-e', 'COLOUR=red'],
    ...[...logBy('fluentd', to, ...named, ...more), ...both],
  );
  const id = await docker('inspect', '-f', '{{.Id}}', 'flu');
  const messages = await has(server, 3);
  assert.equal(messages.length, 3);
  for (const { tag } of messages) assert.equal(tag, 'docker.flu');
  const common = { container_id: id, container_name: '/flu', team: 'blue', COLOUR: 'red' };
  const bySource = (source: string) =>
    messages.filter(({ record }) => record.source === source).map(({ record }) => record);
  assert.deepEqual(bySource('stdout'), [
    { ...common, source: 'stdout', log: 'out' },
    { ...common, source: 'stdout', log: '' },
  ]);
  assert.deepEqual(bySource('stderr'), [{ ...common, source: 'stderr', log: 'err' }]);
  assert.ok(messages.some(({ time }) => time.nanoseconds > 0));
  assert.equal((await docker('logs', 'flu')).split('\n')[0], 'out');
});

test('gelf over UDP in chunks and over TCP', async () => {
  for (const kind of ['udp', 'tcp'] as const) {
    const server = opened(await gelfServer(kind));
    const compression = kind === 'udp' ? ['gelf-compression-type=none'] : [];
    await docker(
      ...['run', '--name', `gelf-${kind}`, '--label', 'a=1'],
      ...logBy('gelf', `gelf-address=${server.address}`, ...compression, 'labels=a'),
      ...sh('echo out; sleep 0.1; echo err >&2; sleep 0.1; head -c 5000 /dev/zero | tr "\\0" z; echo'),
    );
    const [first, second, third] = await has(server, 3);
    const { timestamp, _created, ...rest } = first ?? {};
    const [id, imageId] = (await docker('inspect', '-f', '{{.Id}} {{.Image}}', `gelf-${kind}`)).split(' ');
    assert.deepEqual(rest, {
      ...{ version: '1.1', host: os.hostname(), short_message: 'out', level: 6 },
      ...{ _container_id: id, _container_name: `gelf-${kind}`, _image_id: imageId, _image_name: sampleImage, _a: '1' },
      _command: 'sh -c echo out; sleep 0.1; echo err >&2; sleep 0.1; head -c 5000 /dev/zero | tr "\\0" z; echo',
      _tag: id?.slice(0, 12),
    });
    assert.ok(Math.abs(Number(timestamp) - Date.parse(String(_created)) / 1000) < 300, String(timestamp));
    assert.deepEqual([second?.short_message, second?.level], ['err', 3]);
    assert.equal(String(third?.short_message).length, 5000);
  }
  const server = opened(await gelfServer('udp'));
  await docker('run', ...logBy('gelf', `gelf-address=${server.address}`), ...sh('echo compressed'));
  assert.equal((await has(server, 1))[0]?.short_message, 'compressed');
});

test('a collector that is down: not started, in Docker’s words', async () => {
  const port = await freePort();
  const refused = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
  const said = (driver: string, option: string) =>
    subject.docker.fails(125, 'run', '--name', 'down', ...logBy(driver, option), ...both);
  const remove = () => docker('rm', 'down');
  assert.match(
    await said('syslog', `syslog-address=tcp://127.0.0.1:${port}`),
    new RegExp(`failed to initialize logging driver: ${refused}`),
  );
  assert.equal(await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'down'), 'created 128');
  await remove();
  assert.match(
    await said('fluentd', `fluentd-address=127.0.0.1:${port}`),
    new RegExp(`failed to initialize logging driver: ${refused}`),
  );
  await remove();
  assert.match(
    await said('gelf', `gelf-address=tcp://127.0.0.1:${port}`),
    new RegExp(
      `failed to initialize logging driver: gelf: cannot connect to GELF endpoint: 127.0.0.1:${port} ${refused}`,
    ),
  );
  await remove();
  await docker(
    'run',
    '--name',
    'later',
    ...logBy('fluentd', `fluentd-address=127.0.0.1:${port}`, 'fluentd-async=true'),
    ...sh('echo goes on'),
  );
  assert.equal(await docker('logs', 'later'), 'goes on');
});

test('a collector that comes, goes and comes again gets every line; the container does not wait', async () => {
  const port = await freePort();
  let server = opened(await fluentServer(port));
  const steps = 'echo 1; while [ ! -e /go ]; do sleep 0.05; done; seq 2 2000; touch /written; sleep 1000';
  await docker(
    'run',
    '-d',
    '--name',
    're',
    ...logBy(
      'fluentd',
      `fluentd-address=127.0.0.1:${port}`,
      'fluentd-request-ack=true',
      'fluentd-retry-wait=50ms',
      ...(subject.isBeluga ? [] : ['fluentd-async=true']),
    ),
    ...sh(steps),
  );
  await has(server, 1);
  await server.close();
  open.splice(0);
  await docker('exec', 're', 'touch', '/go');
  await waitUntil(
    'the container has written on',
    async () => (await subject.docker.run(['exec', 're', 'test', '-e', '/written'], { exits: 'any' })).code === 0,
  );
  server = opened(await fluentServer(port));
  await waitUntil('the last line came', () => server.received.some(({ record }) => record.log === '2000'));
  const lines = server.received.map(({ record }) => Number(record.log));
  assert.deepEqual(
    lines.slice(-1999),
    Array.from({ length: 1999 }, (_, index) => index + 2),
  );
  // one that was sent and not acknowledged comes twice
  assert.ok(lines.length <= 2000, `${lines.length}`);
});

test('what cannot be is refused where Docker refuses it', async () => {
  const created: readonly [string, RegExp][] = [
    ['json-file bogus=1', /unknown log opt 'bogus' for json-file log driver/],
    ['json-file mode=sometimes', /logger: logging mode not supported: sometimes/],
    ['json-file max-buffer-size=1m', /logger: max-buffer-size option is only supported with 'mode=non-blocking'/],
    ['json-file mode=non-blocking max-buffer-size=zz', /error parsing option max-buffer-size: invalid size: 'zz'/],
    ['json-file cache-disabled=maybe', /invalid value for option cache-disabled: maybe/],
    ['local labels=a', /unknown log opt 'labels' for log driver local/],
    ['nope', /error looking up logging plugin nope: plugin "nope" not found/],
    ['syslog bogus=1', /unknown log opt 'bogus' for syslog log driver/],
    ['syslog syslog-address=unix:///nope', /stat \/nope: no such file or directory/],
    ['syslog syslog-facility=nope', /invalid syslog facility/],
    ['syslog syslog-format=nope', /Invalid syslog format/],
    ['fluentd fluentd-address=127.0.0.1:x', /invalid fluentd-address/],
    ['fluentd fluentd-retry-wait=zz', /time: invalid duration "zz"/],
    ['fluentd fluentd-async=zz', /strconv.ParseBool: parsing "zz": invalid syntax/],
    ['gelf', /gelf-address is a required parameter/],
    [
      'gelf gelf-address=udp://127.0.0.1',
      /gelf: please provide gelf-address as proto:\/\/host:port|gelf: please provide/,
    ],
    ['gelf gelf-address=tcp://127.0.0.1:1 gelf-compression-type=gzip', /compression is only supported on UDP/],
    [
      'gelf gelf-address=udp://127.0.0.1:1 gelf-compression-level=99',
      /unknown value "99" for log opt "gelf-compression-level"/,
    ],
    ['journald bogus=1', /unknown log opt 'bogus' for journald log driver/],
  ];
  for (const [asked, words] of created) {
    const [driver = '', ...options] = asked.split(' ');
    assert.match(await subject.docker.fails(1, 'create', ...logBy(driver, ...options), sampleImage), words, asked);
  }
  const started: readonly [string, string][] = [
    ['json-file max-size=abc', "invalid size: 'abc'"],
    ['json-file max-size=0', 'max-size must be a positive number'],
    ['json-file max-file=0', 'max-file cannot be less than 1'],
    ['json-file max-file=x', 'strconv.Atoi: parsing "x": invalid syntax'],
    ['json-file compress=maybe', 'strconv.ParseBool: parsing "maybe": invalid syntax'],
    ['json-file compress=true', 'compress cannot be true when max-file is less than 2 or max-size is not set'],
    ['json-file labels-regex=(', 'error parsing regexp: missing closing ): `(`'],
    ['json-file tag={{', 'template: log-tag:1: unclosed action'],
    ['json-file tag={{.Nope}}', "can't evaluate field Nope in type *logger.Info"],
    ['local max-size=abc', "invalid value for max-size: abc: invalid size: 'abc'"],
    ['local max-file=1', 'compression cannot be enabled when max file count is 1'],
    ['journald', 'journald is not enabled on this host'],
  ];
  for (const [asked, words] of started) {
    const [driver = '', ...options] = asked.split(' ');
    const id = await docker('create', ...logBy(driver, ...options), sampleImage);
    const said = await subject.docker.fails(1, 'start', id);
    assert.ok(said.includes('failed to initialize logging driver: ') && said.includes(words), `${asked}: ${said}`);
  }
});

test('drivers that this engine does not have are refused with those it has', {
  skip: process.env.BELUGA_TEST_PEER && 'ours alone',
}, async () => {
  for (const driver of ['awslogs', 'splunk', 'gcplogs', 'etwlogs']) {
    const said = await subject.docker.fails(1, 'create', ...logBy(driver), sampleImage);
    assert.match(
      said,
      new RegExp(
        `plugin "${driver}" not found \\(this engine has fluentd, gelf, journald, json-file, local, syslog, none\\)`,
      ),
    );
  }
  assert.equal(
    await docker('info', '-f', '{{.LoggingDriver}} {{json .Plugins.Log}}'),
    'json-file ["fluentd","gelf","journald","json-file","local","syslog"]',
  );
});

test('--details: labels, environment and tag, as URLs have them', async () => {
  await docker(
    ...[
      'run',
      '--name',
      'det',
      '--label',
      'a=1',
      '--label',
      'b=2 &*~',
      '-e',
      'X=y',
      ...logBy('json-file', 'labels=a,b', 'env=X', 'tag={{.Name | upper}}/{{truncate .ID 3}}'),
    ],
    ...sh('echo out; echo'),
  );
  const id = await docker('inspect', '-f', '{{.Id}}', 'det');
  const attributes = `X=y,a=1,b=2+%26%2A~,tag=DET%2F${id.slice(0, 3)}`;
  const said = await subject.docker.run(['logs', '--details', 'det']);
  assert.equal(said.stdout, `${attributes} out\n${attributes} \n`);
  const stamped = await subject.docker.run(['logs', '--details', '-t', 'det']);
  assert.match(stamped.stdout, /^\d{4}\S+Z X=y,a=1/);
  await docker('run', '--name', 'bare', ...logBy('json-file'), ...sh('echo out'));
  assert.equal((await subject.docker.run(['logs', '--details', 'bare'])).stdout, ' out\n');
});

test('none and cache-disabled keep nothing to read; what was asked is in inspect', async () => {
  const unreadable = /configured logging driver does not support reading/;
  await docker('run', '--name', 'nothing', ...logBy('none'), ...both);
  assert.match(await subject.docker.fails(1, 'logs', 'nothing'), unreadable);
  const server = opened(await syslogServer('udp'));
  const options = [`syslog-address=${server.address}`, 'cache-disabled=true'];
  await docker('run', '--name', 'sent', ...logBy('syslog', ...options), ...both);
  await has(server, 2);
  assert.match(await subject.docker.fails(1, 'logs', 'sent'), unreadable);
  const asked = JSON.parse(await docker('inspect', '-f', '{{json .HostConfig.LogConfig}}', 'sent'));
  assert.deepEqual(asked, { Type: 'syslog', Config: { 'syslog-address': server.address, 'cache-disabled': 'true' } });
});
