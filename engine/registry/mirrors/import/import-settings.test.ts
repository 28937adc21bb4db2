import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRegistrySettings } from '../parse-settings.ts';
import { emptyRegistrySettings, type RegistrySettings } from '../registry-settings.ts';
import { type ImportRequest, importSettings } from './import-settings.ts';

const read = (format: ImportRequest['format'], text: string, registry?: string, today = emptyRegistrySettings) =>
  importSettings({ format, text, ...(registry && { registry }) }, today);
const rule = (prefix: string, mirrors: readonly string[], more = {}) => ({
  prefix,
  mirrors: mirrors.map((url) => ({ url })),
  order: 'fixed',
  mirrorOnly: false,
  ...more,
});
const messagesOf = (told: readonly { message: string }[]) => told.map(({ message }) => message);
const keysOf = ({ ignored }: { ignored: readonly { key: string }[] }) => ignored.map(({ key }) => key);
const refused = (line: number, words: RegExp) => (error: Error & { params?: Record<string, unknown> }) => {
  assert.equal((error as { reason?: string }).reason, 'registry.import-invalid', String(error));
  assert.equal(error.params?.line, line, error.message);
  assert.match(error.message, words);
  return true;
};

test('daemon.json: mirrors of docker.io, insecure registries, proxies; the rest is told', () => {
  const found = read(
    'daemon.json',
    JSON.stringify({
      'registry-mirrors': ['https://one.example/', 'http://127.0.0.1:5000', 'https://u:secret@two.example'],
      'insecure-registries': ['reg.lan:5000', '10.0.0.0/8', 'http://plain.lan/', '10.0.0.0/99'],
      proxies: {
        'http-proxy': 'http://u:secret@proxy:3128',
        'https-proxy': 'proxy.lan:3128',
        'no-proxy': 'localhost,.lan',
        'ftp-proxy': 'x',
      },
      'log-driver': 'json-file',
      'registry-mirror': 'https://typo.example',
    }),
  );
  assert.deepEqual(found.settings, {
    rules: [rule('docker.io', ['https://one.example', 'http://127.0.0.1:5000'])],
    insecure: ['reg.lan:5000', '10.0.0.0/8', 'plain.lan'],
    hosts: {},
    proxy: { http: '', https: 'http://proxy.lan:3128', except: 'localhost,.lan' },
  });
  assert.deepEqual(messagesOf(found.taken), [
    'docker.io: https://one.example',
    'docker.io: http://127.0.0.1:5000',
    'insecure: reg.lan:5000',
    'insecure: 10.0.0.0/8',
    'insecure: plain.lan',
    'https-proxy: http://proxy.lan:3128',
    'no-proxy: localhost,.lan',
  ]);
  assert.deepEqual(keysOf(found), [
    'registry-mirrors[2]',
    'insecure-registries[3]',
    'proxies.http-proxy',
    'proxies.ftp-proxy',
    'log-driver',
    'registry-mirror',
  ]);
  assert.doesNotMatch(JSON.stringify(found), /secret/);
  assert.match(found.ignored.at(-1)?.why.message ?? '', /no such key/);
  assert.match(found.ignored.at(-2)?.why.message ?? '', /dockerd itself/);
});

test('what is set already stays, in front, once', () => {
  const today: RegistrySettings = {
    ...emptyRegistrySettings,
    rules: [
      {
        ...{ prefix: 'docker.io', order: 'auto', mirrorOnly: true },
        mirrors: [
          { url: 'https://mine.example', name: 'Mine' },
          { url: 'https://off.example', off: true },
        ],
      },
    ],
    insecure: ['reg.lan'],
  };
  const before = structuredClone(today);
  const mirrors = ['https://new.example', 'https://mine.example/v2/', 'https://off.example'];
  const text = JSON.stringify({ 'registry-mirrors': mirrors, 'insecure-registries': ['reg.lan'] });
  const found = read('daemon.json', text, undefined, today);
  assert.deepEqual(found.settings.rules, [
    { ...today.rules[0], mirrors: [...(today.rules[0]?.mirrors ?? []), { url: 'https://new.example' }] },
  ]);
  assert.deepEqual(found.settings.insecure, ['reg.lan']);
  assert.deepEqual(keysOf(found), ['registry-mirrors[2]']);
  assert.deepEqual(today, before);
});

test('text that cannot be read: which line, and what is wrong', () => {
  assert.throws(() => read('daemon.json', '{\n  "a": 1,\n}'), refused(3, /double-quoted property name/));
  assert.throws(() => read('daemon.json', '{\n  "a": 1,'), refused(2, /./));
  assert.throws(() => read('daemon.json', '["x"]'), refused(1, /not a JSON object/));
  assert.throws(() => read('hosts.toml', 'server = "x"\nserver = "y"', 'x'), refused(2, /hosts\.toml cannot be read/));
  assert.throws(() => read('hosts.toml', '\n\n[host', 'x'), refused(3, /./));
  assert.throws(() => read('hosts.toml', '[host."https://a.example"]'), refused(0, /which registry/));
  assert.throws(() => read('registries.conf', '[[registry]]\nlocation = docker.io\n'), refused(2, /./));
  const first = '# old\n[registries.search]\nregistries = ["docker.io"]\n';
  assert.throws(() => read('registries.conf', first), refused(2, /version 1/));
});

test('hosts.toml: hosts in their order, what they may, and what cannot be said here', () => {
  const found = read(
    'hosts.toml',
    `
server = "https://registry-1.docker.io"
dial_timeout = "2s"

[host."https://b.example"]
  capabilities = ["pull", "resolve", "push"]
  skip_verify = true
  ca = "/etc/certs/b.crt"
  colour = "blue"
[host."https://a.example"]
  capabilities = ["pull"]
  dial_timeout = "1s"
  client = [["/a.cert", "/a.key"]]
  [host."https://a.example".header]
    x-key = "secret"
[host."https://harbor.example/v2/dockerhub"]
  override_path = true
[host."https://deep.example/proxy"]
[host."https://raw.example/registry"]
  override_path = true
[host."https://push.example"]
  capabilities = ["push"]
`,
    'docker.io',
  );
  assert.deepEqual(found.settings.rules, [
    rule('docker.io', ['https://b.example', 'https://a.example', 'https://harbor.example/dockerhub']),
  ]);
  assert.deepEqual(found.settings.insecure, ['b.example']);
  assert.deepEqual(keysOf(found), [
    'host."https://b.example".capabilities',
    'host."https://b.example".ca',
    'host."https://b.example".colour',
    'host."https://a.example".capabilities',
    'host."https://a.example".dial_timeout',
    'host."https://a.example".client',
    'host."https://a.example".header',
    'host."https://deep.example/proxy"',
    'host."https://raw.example/registry"',
    'host."https://push.example"',
    'dial_timeout',
  ]);
  assert.doesNotMatch(JSON.stringify(found), /secret/);
  assert.match(
    found.ignored.find(({ key }) => key.includes('deep'))?.why.message ?? '',
    /\/proxy\/v2\/.*\/v2\/proxy\//,
  );
});

test('hosts.toml: the server that is a mirror again, another one, none; the registry by its folder', () => {
  const mirror = '[host."https://m.example"]\ncapabilities = ["pull", "resolve"]\n';
  const only = read('hosts.toml', `server = "https://m.example"\n${mirror}`, 'ghcr.io');
  assert.deepEqual(only.settings.rules, [rule('ghcr.io', ['https://m.example'], { mirrorOnly: true })]);
  const other = read('hosts.toml', `server = "https://stand-in.example/v2/"\nskip_verify = true\n${mirror}`, 'ghcr.io');
  assert.deepEqual(other.settings.rules, [
    rule('ghcr.io', ['https://m.example'], { upstream: 'https://stand-in.example' }),
  ]);
  assert.deepEqual(other.settings.insecure, ['stand-in.example']);
  assert.deepEqual(other.ignored, []);
  assert.deepEqual(read('hosts.toml', mirror, 'localhost_5000_').settings.rules, [
    rule('localhost:5000', ['https://m.example']),
  ]);
  assert.equal(
    read('hosts.toml', `server = "https://registry-1.docker.io"\n${mirror}`).settings.rules[0]?.prefix,
    'docker.io',
  );
  const all = read('hosts.toml', `server = "https://x.example"\n${mirror}`, '_default');
  assert.deepEqual(all.settings, emptyRegistrySettings);
  assert.deepEqual(keysOf(all), ['host."https://m.example"', 'server']);
});

test('registries.conf: prefixes, places, mirrors, and what cannot be said here', () => {
  const found = read(
    'registries.conf',
    `
unqualified-search-registries = ["docker.io", "quay.io"]
short-name-mode = "enforcing"
nonsense = 1

[[registry]]
location = "docker.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "mirror.example:5000/hub"
insecure = true
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"

[[registry]]
prefix = "quay.io/team"
location = "harbor.example/quay/team"
insecure = true
[[registry.mirror]]
location = "flat.example/elsewhere"

[[registry]]
prefix = "*.corp.example"
location = "corp.example"
[[registry]]
location = "bad.example"
blocked = true
[[registry]]
prefix = "quay.io/team/app:1"
[[registry]]
insecure = true

[aliases]
"fedora" = "registry.fedoraproject.org/fedora"
`,
  );
  assert.deepEqual(found.settings.rules, [
    rule('docker.io', ['https://mirror.example:5000/hub', 'https://digests.example']),
    rule('quay.io/team', [], { upstream: 'https://harbor.example/quay' }),
  ]);
  assert.deepEqual(found.settings.insecure, ['mirror.example:5000', 'harbor.example']);
  assert.deepEqual(keysOf(found), [
    'unqualified-search-registries[1]',
    'registry[0].mirror-by-digest-only',
    'registry[0].mirror[1]',
    'registry[0].mirror[2].pull-from-mirror',
    'registry[1].mirror[0]',
    'registry[2]',
    'registry[3].blocked',
    'registry[4]',
    'registry[5]',
    'aliases.fedora',
    'short-name-mode',
    'nonsense',
  ]);
  assert.match(found.ignored[4]?.why.message ?? '', /replaces quay\.io\/team by flat\.example\/elsewhere/);
});

test('values of a wrong type are told, and break nothing', () => {
  const json = read('daemon.json', '{"registry-mirrors":"https://x","insecure-registries":[1],"proxies":[]}');
  assert.deepEqual(keysOf(json), ['registry-mirrors', 'insecure-registries', 'proxies']);
  const hosts = read(
    'hosts.toml',
    'server = 1\n[host]\n"a.example" = 3\n"b.example" = { skip_verify = "yes" }',
    'x.io',
  );
  assert.deepEqual(keysOf(hosts), ['server', 'host."a.example"', 'host."b.example".skip_verify']);
  const conf = read('registries.conf', 'registry = 1\naliases = []\n');
  assert.deepEqual(keysOf(conf), ['registry', 'aliases']);
});

test('what is imported can be set', async () => {
  const files: [ImportRequest['format'], string, string?][] = [
    ['daemon.json', '{"registry-mirrors":["https://a.example/hub"],"proxies":{"https-proxy":"http://p:1"}}'],
    ['hosts.toml', 'server = "https://up.example"\n[host."https://a.example"]\nskip_verify = true\n', 'ghcr.io'],
    ['registries.conf', '[[registry]]\nprefix = "quay.io/team"\nlocation = "h.example/q/team"\ninsecure = true\n'],
  ];
  for (const [format, text, registry] of files) {
    const { settings, ignored } = read(format, text, registry);
    assert.deepEqual(ignored, []);
    assert.deepEqual(await parseRegistrySettings(settings), settings);
  }
});
