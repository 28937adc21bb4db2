import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { ask, askJson } from '../raw-http.ts';
import { dockerArchive, filesOf, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());

const docker = (...args: string[]) => subject.docker(...args);

/** The header of a program for ARM, which the kernel of another machine refuses. */
function armProgram(): Buffer {
  const header = Buffer.alloc(4096);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(0xb7, 18);
  header.writeUInt32LE(1, 20);
  return header;
}

/** Of another architecture, as its config says: what its layers hold runs here, but /arm. */
async function loadForeign(name: string): Promise<void> {
  const own = await tarOf([
    { name: 'arm', mode: 0o755, content: armProgram() },
    { name: 'script', mode: 0o755, content: 'echo no shebang\n' },
  ]);
  const files = await filesOf(Readable.from([await dockerArchive({ name, layers: [await sampleLayer(), own] })]));
  const [entry] = JSON.parse(String(files.get('manifest.json'))) as [{ Config: string }];
  const config = JSON.parse(String(files.get(entry.Config)));
  files.set(entry.Config, Buffer.from(JSON.stringify({ ...config, architecture: 'arm64' })));
  const archive = await tarOf([...files].map(([file, content]) => ({ name: file, content })));
  await subject.docker.run(['load'], { input: archive });
}

const warning =
  /The requested image's platform \(linux\/arm64\) does not match the detected host platform \(linux\/amd64[^)]*\) and no specific platform was requested/;

test('an image of another architecture: Docker’s warning, unless the platform was asked for', async () => {
  await loadForeign('fixture/foreign:1');
  const { stdout, stderr } = await subject.docker.run([
    'run',
    '--rm',
    '--network',
    'none',
    'fixture/foreign:1',
    'echo',
    'runs',
  ]);
  assert.equal(stdout.trim(), 'runs');
  assert.match(stderr, warning);
  const asked = [
    'run',
    '--rm',
    '--network',
    'none',
    '--pull',
    'never',
    '--platform',
    'linux/arm64',
    'fixture/foreign:1',
    'true',
  ];
  assert.doesNotMatch((await subject.docker.run(asked)).stderr, /platform/);
  const own = await subject.docker.run(['create', '--network', 'none', sampleImage]);
  assert.doesNotMatch(own.stderr, /platform/);
  await docker('rm', own.stdout.trim());
});

test('an image that is there for another platform than the one asked for is not found', async () => {
  const answer = await askJson(subject.socket, '/containers/create?platform=linux%2Farm64', { Image: sampleImage });
  assert.equal(answer.status, 404, answer.text);
  assert.match(answer.json().message, /was found but does not (?:match|provide) the specified platform/);
});

test('a program for another machine: its words, and in the container’s state what they mean', async (t) => {
  await docker('run', '--network', 'none', '--name', 'foreign', 'fixture/foreign:1', '/arm').catch(() => {});
  const format = '{{.State.Status}} {{.State.ExitCode}}';
  assert.match(await docker('inspect', '-f', format, 'foreign'), /^exited (1|255)$/);
  assert.match((await subject.docker.run(['logs', 'foreign'])).stderr, /exec format error/i);
  if (!subject.isBeluga) return t.skip('the explanation is ours');
  const stateOf = async (name: string) =>
    (await ask(subject.socket, { path: `/containers/${name}/json` })).json<{
      State: { Error: string; BelugaFailure?: { reason: string; params: Record<string, string> } };
    }>().State;
  const explained = (name: string) =>
    waitUntil('the end is explained', async () => {
      const state = await stateOf(name);
      return state.Error === '' ? undefined : state;
    });
  const foreign = await explained('foreign');
  assert.match(
    foreign.Error,
    /^exec \/arm: exec format error: the image is for linux\/arm64, and this machine is linux\/amd64: /,
  );
  assert.deepEqual(foreign.BelugaFailure, {
    reason: 'container.other-platform',
    params: { command: '/arm', image: 'linux/arm64', host: 'linux/amd64' },
  });
  const archive = await dockerArchive({
    name: 'fixture/script:1',
    layers: [await sampleLayer(), await tarOf([{ name: 'script', mode: 0o755, content: 'echo no shebang\n' }])],
  });
  await subject.docker.run(['load'], { input: archive });
  await docker('run', '--network', 'none', '--name', 'script', 'fixture/script:1', '/script').catch(() => {});
  const script = await explained('script');
  assert.match(script.Error, /^exec \/script: exec format error: .* nor a script whose first line begins with #!/);
  assert.equal(script.BelugaFailure?.reason, 'container.not-a-program');
  await docker('run', '--network', 'none', '--name', 'fine', 'fixture/script:1', 'sh', '-c', 'exit 1').catch(() => {});
  assert.equal((await stateOf('fine')).Error, '');
  await docker('rm', 'foreign', 'script', 'fine');
  await docker('rmi', 'fixture/foreign:1', 'fixture/script:1');
});
