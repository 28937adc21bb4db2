import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { earlierVersion, unpackEarlierEngine } from '../fixtures/earlier-engine.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let earlier: ReturnType<typeof unpackEarlierEngine>;
before(() => {
  earlier = unpackEarlierEngine();
});
after(() => earlier[Symbol.dispose]());

const version = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'))
  .version as string;

/** Containers of the earlier engine, in every state, and questions about them. */
async function makeContainers(engine: TestEngine) {
  const { docker } = engine;
  const flags = path.join(engine.folders.root, 'flags');
  mkdirSync(flags);
  const run = (name: string, options: readonly string[], ...command: string[]) =>
    docker('run', '-d', '--name', name, '-v', `${flags}:/flags`, ...options, sampleImage, ...command);
  /** Counts until the file of its name is there, then ends. */
  const counting = (name: string, code: number) =>
    `i=0; while [ ! -e /flags/${name} ]; do i=$((i+1)); echo line $i; sleep 0.2; done; echo last; exit ${code}`;
  const sh = (name: string, code: number) => ['sh', '-c', counting(name, code)];

  await docker('load', '-i', sampleArchive());
  const serve = `echo served by beluga > /tmp/index.html; httpd -p 8080 -h /tmp; ${counting('serves', 7)}`;
  await run('serves', ['-p', '127.0.0.1::8080'], 'sh', '-c', serve);
  await run('always', ['--network', 'none', '--restart', 'always'], ...sh('always', 3));
  await run('goes', ['--network', 'none', '--rm'], ...sh('goes', 0));
  await run('ends-between', ['--network', 'none'], ...sh('ends-between', 5));
  await run('ends-after', ['--network', 'host'], ...sh('ends-after', 6));
  await run('reads', ['-i', '--network', 'none'], 'sh', '-c', 'read line; echo "heard $line"; exit 4');
  await run('with-terminal', ['-t', '--network', 'none'], ...sh('with-terminal', 0));
  await docker('exec', '-d', 'with-terminal', 'sleep', '4321');
  await run('paused', ['--network', 'none', '--memory', '64m'], ...sh('paused', 0));
  await docker('pause', 'paused');
  await docker.run(['run', '--name', 'failed', '--network', 'none', sampleImage, 'sh', '-c', 'echo oh; exit 7'], {
    exits: 7,
  });
  await docker('create', '--name', 'created', sampleImage, 'echo', 'made by the one, started by the other');

  const stateOf = (name: string, format = '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}') =>
    docker('inspect', '-f', format, name);
  const countOf = async (name: string) => {
    const said = (await docker('logs', name)).split(/\r?\n/);
    const numbers = said.flatMap((line) => (line.startsWith('line ') ? [Number(line.slice(5))] : []));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      `no line of ${name} is lost or told twice`,
    );
    return numbers.length;
  };
  const goesOn = async (name: string) => {
    const before = await countOf(name);
    await waitUntil(`${name} goes on`, async () => (await countOf(name)) > before + 2);
  };
  return { docker, stateOf, countOf, goesOn, end: (name: string) => writeFileSync(path.join(flags, name), '') };
}

type Scene = Awaited<ReturnType<typeof makeContainers>> & { engine: TestEngine };

const page = async (address: string) => (await fetch(`http://${address}/`)).text();
const versionOf = (engine: TestEngine) => engine.docker('version', '-f', '{{.Server.Version}}');
const portOf = ({ docker }: Scene) => docker('port', 'serves', '8080/tcp');

/** What runs can be looked into, entered, paused and limited. */
async function canBeUsed(scene: Scene) {
  const { docker, stateOf, countOf, goesOn } = scene;
  for (const name of ['serves', 'always', 'ends-after', 'with-terminal']) await goesOn(name);
  assert.equal(await page(await portOf(scene)), 'served by beluga\n');

  const inside = await docker.run(['exec', '-i', 'serves', 'sh', '-c', 'cat; cat /tmp/index.html; exit 9'], {
    input: 'to the exec\n',
    exits: 9,
  });
  assert.equal(inside.stdout, 'to the exec\nserved by beluga\n');
  assert.match(await docker('top', 'with-terminal'), /sleep 4321/, 'the exec of the engine before goes on');
  await docker.run(['attach', '--sig-proxy=false', 'reads'], { input: 'a word\n', exits: 4 });
  assert.equal(await docker('logs', 'reads'), 'heard a word');
  assert.equal(await stateOf('reads'), 'exited 4 0');

  const counted = await countOf('paused');
  await docker('unpause', 'paused');
  await waitUntil('it goes on', async () => (await countOf('paused')) > counted);
  await docker('pause', 'paused');
  await docker('update', '--memory', '48m', '--memory-swap', '48m', 'paused');
  assert.match(await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', 'paused'), / \/ 48MiB$/);
  assert.match(await docker('exec', 'serves', 'cat', '/etc/hostname'), /^[0-9a-f]{12}$/);
}

/** What ends is told, and what is to start again or to go does. */
async function endsAreSeen({ docker, stateOf, end }: Scene) {
  const waited = docker('wait', 'ends-after');
  end('ends-after');
  assert.equal(await waited, '6');
  assert.equal(await stateOf('ends-after'), 'exited 6 0');
  assert.match(await docker('logs', 'ends-after'), /\nlast$/);
  const died = ['events', '--since', '1', '--until', '0s', '--filter', 'event=die'];
  await waitUntil('its end is an event', async () => {
    const told = await docker(...died, '--format', '{{json .Actor.Attributes}}');
    return /"exitCode":"6".*"name":"ends-after"/.test(told);
  });

  end('goes');
  await waitUntil('it is removed', async () => !(await docker('ps', '-a', '--format', '{{.Names}}')).includes('goes'));
  end('always');
  await waitUntil('it is started again and again', async () => {
    return Number(await stateOf('always', '{{.RestartCount}}')) >= 2;
  });
  await docker('stop', '-t', '0', 'always');
  assert.match(await stateOf('always', '{{.State.Status}} {{.State.Pid}}'), /^exited 0$/);
}

/** Stop, start, restart, remove. */
async function obeys(scene: Scene) {
  const { docker, stateOf } = scene;
  await docker('restart', '-t', '0', 'serves');
  await waitUntil('it serves again', async () => (await page(await portOf(scene))) === 'served by beluga\n');
  await docker('stop', '-t', '0', 'serves');
  assert.equal(await stateOf('serves'), 'exited 137 0');
  await docker('kill', '--signal', 'KILL', 'with-terminal');
  assert.equal(await docker('wait', 'with-terminal'), '137');
  assert.equal(await docker('start', '-a', 'created'), 'made by the one, started by the other');
  await docker.run(['start', '-a', 'failed'], { exits: 7 });
  assert.equal(await docker('logs', 'failed'), 'oh\noh');

  await docker('rm', '-f', 'paused');
  await docker('rm', 'serves');
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`containers of the last release's engine go on with this one, after ${signal}`, async () => {
    await using engine = await startEngine({ launcher: earlier.launcher });
    assert.equal(await versionOf(engine), earlierVersion);
    const scene: Scene = { ...(await makeContainers(engine)), engine };
    const { docker, stateOf, countOf, goesOn, end } = scene;
    const names = (await docker('ps', '-a', '--format', '{{.Names}}')).split('\n');
    assert.equal(names.length, 10);
    const before = new Map<string, string>();
    for (const name of names) before.set(name, await stateOf(name));
    const address = await portOf(scene);
    for (const name of ['serves', 'ends-between', 'with-terminal']) await goesOn(name);

    await engine.kill(signal);
    assert.equal(await page(address), 'served by beluga\n', 'a published port answers without an engine');
    end('ends-between');
    const [, , pid] = before.get('ends-between')?.split(' ') ?? [];
    await waitUntil('it has ended', () => !existsSync(`/proc/${pid}`));
    await engine.upgrade();
    assert.equal(await versionOf(engine), version);
    assert.notEqual(version, earlierVersion);

    for (const name of names.filter((each) => each !== 'ends-between'))
      assert.equal(await stateOf(name), before.get(name), name);
    assert.equal(await portOf(scene), address);
    assert.equal(await stateOf('ends-between'), 'exited 5 0');
    await countOf('ends-between');
    assert.match(await docker('logs', 'ends-between'), /\nlast$/);
    assert.equal(await docker('logs', 'failed'), 'oh');

    await canBeUsed(scene);
    await endsAreSeen(scene);
    await obeys(scene);
  });
}
