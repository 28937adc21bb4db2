import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import {
  configurationKeys,
  engineArguments,
  parseEngineOptions,
  reloadableKeys,
  reloadOptions,
} from './engine-options.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-options-'));
after(() => rmSync(directory, { recursive: true }));
const configured = (value: unknown) => {
  const file = path.join(directory, 'daemon.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return `--config-file=${file}`;
};

test('without arguments it is the system’s engine', () => {
  assert.deepEqual(parseEngineOptions([]), {
    dataRoot: '/var/lib/beluga',
    runRoot: '/run/beluga',
    hosts: ['unix:///run/beluga/docker.sock'],
    pidFile: undefined,
    debug: false,
    logLevel: 'info',
    liveRestore: true,
    shutdownTimeoutSeconds: 15,
    labels: [],
    maximumDownloads: 3,
    maximumUploads: 5,
    metricsAddress: undefined,
    socketOwner: undefined,
    bridgeAddress: undefined,
    insecureRegistries: [],
    registryMirrors: [],
    configFile: undefined,
    flagged: {},
    layerLimits: {},
    runtimes: [],
    defaultRuntime: undefined,
    logDefaults: { driver: 'json-file', options: {} },
    usernsRemap: undefined,
    builderGc: { enabled: true },
    buildParallelism: undefined,
    buildGrants: ['network.host'],
    release: false,
  });
});

test('flags win over the configuration file; the socket lies in the run root', () => {
  const file = configured({ 'data-root': '/from/file', 'exec-root': '/run/file', debug: true });
  const options = parseEngineOptions([file, '--data-root', '/from/flag', '--socket-owner=1000']);
  assert.equal(options.dataRoot, '/from/flag');
  assert.deepEqual(options.hosts, ['unix:///run/file/docker.sock']);
  assert.deepEqual([options.debug, options.socketOwner], [true, 1000]);
  const registries = configured({ 'insecure-registries': ['a:5000'] });
  assert.deepEqual(parseEngineOptions([registries]).insecureRegistries, ['a:5000']);
  assert.deepEqual(parseEngineOptions([registries, '--insecure-registry=b']).insecureRegistries, ['b']);
});

test('userns-remap: the flag wins, empty is none, and the launcher hands it on', () => {
  const file = configured({ 'userns-remap': 'default' });
  assert.equal(parseEngineOptions([file]).usernsRemap, 'default');
  const options = parseEngineOptions([file, '--userns-remap', 'me:mine']);
  assert.equal(options.usernsRemap, 'me:mine');
  assert.equal(parseEngineOptions(engineArguments(options)).usernsRemap, 'me:mine');
  assert.equal(parseEngineOptions([file, '--userns-remap=']).usernsRemap, undefined);
  assert.throws(() => parseEngineOptions([configured({ 'userns-remap': true })]), /userns-remap .*has to be a string/);
});

test('limits of layers: the flag wins for each, and only what is one is taken', () => {
  const file = configured({ 'layer-limits': { entries: 7, depth: 8 } });
  assert.deepEqual(parseEngineOptions([file, '--layer-limit=depth=9']).layerLimits, { entries: 7, depth: 9 });
  for (const wrong of ['depth', 'depth=', 'depth=0', 'depth=1.5', 'depth=-1', 'width=1', 'bytes=1e400'])
    assert.throws(() => parseEngineOptions([`--layer-limit=${wrong}`]), /layer's limit/);
  for (const wrong of [5, [], { entries: 'many' }])
    assert.throws(() => parseEngineOptions([configured({ 'layer-limits': wrong })]), /layer/);
});

test('options survive being arguments again', () => {
  const options = parseEngineOptions([
    '-H',
    'unix:///a b',
    '-H',
    'unix://rel',
    '--pidfile',
    'p',
    '-D',
    '--exec-root',
    'r',
    '--insecure-registry=a:5000',
    '--insecure-registry=10.0.0.0/8',
    '--registry-mirror=https://mirror.test/hub/',
    '--layer-limit=bytes=5',
  ]);
  assert.deepEqual(parseEngineOptions(engineArguments(options)), options);
  assert.equal(options.pidFile, path.resolve('p'));
});

test('what can be read again comes from the file as it is then; flags win', () => {
  const file = configured({ debug: true, 'registry-mirrors': ['https://one.test/'], 'insecure-registries': ['a:1'] });
  const options = parseEngineOptions([file, '--insecure-registry=b:2', '--registry-mirror=http://flag.test/x/']);
  assert.deepEqual(options.registryMirrors, ['http://flag.test/x']);
  const started = parseEngineOptions(engineArguments(parseEngineOptions([file, '--insecure-registry=b:2'])));
  assert.deepEqual(started.registryMirrors, ['https://one.test']);
  configured({ 'registry-mirrors': ['https://two.test', 'https://two.test/'], 'insecure-registries': ['c:3'] });
  const next = { debug: false, registryMirrors: ['https://two.test'], insecureRegistries: ['b:2'] };
  const daemon = { logLevel: 'info', liveRestore: true, shutdownTimeoutSeconds: 15, labels: [] };
  const more = { maximumDownloads: 3, maximumUploads: 5, runtimes: [], defaultRuntime: undefined };
  assert.deepEqual(reloadOptions(started), { ...next, ...daemon, ...more });
  configured({ 'registry-mirrors': ['two.test'] });
  assert.throws(() => reloadOptions(started), /no scheme specified for "two\.test"/);
});

test('how the engine behaves: dockerd’s flags and keys, flags win, mistakes are told', () => {
  const file = configured({
    'live-restore': false,
    'log-level': 'fatal',
    'shutdown-timeout': 3,
    'metrics-addr': ':9323',
  });
  const fromFile = parseEngineOptions([file]);
  assert.deepEqual([fromFile.liveRestore, fromFile.logLevel, fromFile.shutdownTimeoutSeconds], [false, 'error', 3]);
  assert.deepEqual(fromFile.metricsAddress, { host: '', port: 9323 });
  const flags = ['--live-restore', '-l', 'warn', '--shutdown-timeout=-1', '--metrics-addr=[::1]:1'];
  const { liveRestore, logLevel, shutdownTimeoutSeconds, metricsAddress, ...rest } = parseEngineOptions([
    file,
    ...flags,
  ]);
  assert.deepEqual([liveRestore, logLevel, shutdownTimeoutSeconds], [true, 'warn', -1]);
  const again = engineArguments({ liveRestore, logLevel, shutdownTimeoutSeconds, metricsAddress, ...rest });
  for (const flag of ['--live-restore=true', '--log-level=warn', '--shutdown-timeout=-1', '--metrics-addr=[::1]:1'])
    assert.ok(again.includes(flag), flag);
  const refused = (...args: string[]) => assert.throws.bind(assert, () => parseEngineOptions(args));
  refused('--live-restore=maybe')(/--live-restore takes true or false, not maybe/);
  refused('--log-level=loud')(/the log level is one of debug, info, warn, error, fatal, not loud/);
  refused('--shutdown-timeout=')(/the shutdown timeout is a whole number of seconds/);
  refused('--metrics-addr=nowhere')(/the address of the metrics is HOST:PORT, not nowhere/);
  refused(configured({ 'live-restore': 'no' }))(/the key live-restore .* has to be true or false/);
});

test('mirrors are refused in the words of dockerd', () => {
  const refused = (mirror: string) =>
    assert.throws.bind(assert, () => parseEngineOptions([`--registry-mirror=${mirror}`]));
  refused('mirror.test:5000')(/invalid mirror: no scheme specified/);
  refused('ftp://mirror.test')(/unsupported scheme "ftp" in "ftp:\/\/mirror\.test\/?"/);
  refused('https://mirror.test/?q=1')(/query or fragment at end of the URI/);
  refused('https://foo:secret@mirror.test')(
    /username\/password not allowed in URI "https:\/\/foo:xxxxx@mirror\.test\/?"/,
  );
  refused('https://')(/is not a valid URI/);
});

test('what is wrong is told', () => {
  assert.throws(() => parseEngineOptions(['--nope']), /nope/);
  assert.throws(() => parseEngineOptions(['-H', 'tcp://0.0.0.0:1']), /only unix:\/\//);
  assert.throws(() => parseEngineOptions(['--socket-owner', 'root']), /user id/);
  assert.throws(() => parseEngineOptions([configured('[]')]), /not a JSON object/);
  assert.throws(() => parseEngineOptions([configured({ hosts: 'x' })]), /hosts/);
});

test('docs/configuration.md has every key, with what is read again', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (?:`--([a-z-]+)`)? ?\| .* \| (yes|no) \|$/gm)];
  assert.deepEqual(rows.map(([, key]) => key).sort(), [...configurationKeys].sort());
  const again = rows.filter(([, , , read]) => read === 'yes').map(([, key]) => key);
  assert.deepEqual(again.sort(), Object.values(reloadableKeys).sort());
  // the builder has no flag, as in dockerd
  for (const [, key = '', flag] of rows.filter(([, , flag]) => flag !== undefined))
    assert.doesNotMatch(failureOf([`--${flag}`, '']), /Unknown option/, `${key}: --${flag}`);
});

test('transfers, labels and runtimes: the file and the flags, and again as arguments', () => {
  const file = configured({
    ...{ 'max-concurrent-downloads': 7, 'max-concurrent-uploads': 0, labels: ['a=1'], 'default-runtime': 'mine' },
    runtimes: { mine: { path: '/mine', runtimeArgs: ['--x'] } },
  });
  const { maximumDownloads, maximumUploads, labels, runtimes, defaultRuntime } = parseEngineOptions([file]);
  assert.deepEqual([maximumDownloads, maximumUploads, labels, defaultRuntime], [7, 0, ['a=1'], 'mine']);
  assert.deepEqual(runtimes, [{ name: 'mine', path: '/mine', args: ['--x'] }]);
  const flags = ['--max-concurrent-downloads=2', '--label=b=2', '--add-runtime=own=/own', '--default-runtime=own'];
  const flagged = parseEngineOptions([file, ...flags]);
  assert.deepEqual(parseEngineOptions(engineArguments(flagged)), flagged);
  // the file may have changed since: what it said then is no flag
  configured({});
  const later = reloadOptions(flagged);
  assert.deepEqual([later.labels, later.defaultRuntime, later.maximumUploads], [['b=2'], 'own', 5]);
  assert.deepEqual(
    later.runtimes.map(({ name }) => name),
    ['own'],
  );
  for (const [value, words] of [
    [{ labels: ['x'] }, /bad attribute format: x/],
    [{ labels: 'x=1' }, /the key labels/],
    [{ 'max-concurrent-uploads': 1.5 }, /invalid max concurrent uploads: 1\.5/],
  ] as const)
    assert.throws(() => parseEngineOptions([configured(value)]), words);
});

function failureOf(args: string[]): string {
  try {
    parseEngineOptions(args);
    return '';
  } catch (error) {
    return String(error);
  }
}
