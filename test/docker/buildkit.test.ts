import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { DockerCli } from '../docker-cli.ts';
import type { TestEngine } from '../engine-fixture.ts';
import { tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
let engine: TestEngine;
let folder: string;
let docker: DockerCli;
let old: DockerCli;
before(async () => {
  scene = await openBuildKitScene();
  ({ engine, folder, docker, old } = scene);
});
after(() => scene.close());

const context: BuildKitScene['context'] = (...asked) => scene.context(...asked);
const buildx: BuildKitScene['buildx'] = (...asked) => scene.buildx(...asked);
const failsToBuild: BuildKitScene['failsToBuild'] = (...asked) => scene.failsToBuild(...asked);
const run: BuildKitScene['run'] = (...asked) => scene.run(...asked);

test('docker buildx build: what goes in, what comes out, and a second build out of the cache', async () => {
  const lines = [
    '# syntax=docker/dockerfile:1',
    `${from} AS base`,
    'ARG VERSION=1',
    'WORKDIR /app',
    'COPY . .',
    'RUN echo "version $VERSION" | tee said',
    'FROM base AS never',
    'RUN false',
  ];
  const place = context(lines, {
    ...{ '.dockerignore': 'ignored\n*.md\n!keep.md\nDockerfile\n', ignored: 'i', 'x.md': 'x', 'keep.md': 'k' },
    ...{ 'src/a': 'a', 'src/ü %': 'u', empty: '' },
  });
  symlinkSync('a', path.join(place, 'src/l'));
  const [iid, metadata] = [path.join(folder, 'iid'), path.join(folder, 'metadata')];
  const more = ['--target', 'base', '--build-arg', 'VERSION=7', '--label', 'who=me', '-t', 'bk', '-t', 'bk:two'];
  const said = await buildx(place, ...more, '--iidfile', iid, '--metadata-file', metadata);
  assert.match(said, /\[internal\] load build definition from Dockerfile/);
  assert.match(said, /transferring context: \d+B .*done/);
  assert.match(said, /\[base 4\/4\] RUN echo "version \$VERSION" \| tee said\n#\d+ [\d.]+ version 7\n#\d+ DONE/);
  assert.equal(
    await run('bk', 'sh', '-c', 'ls -A; cd src; for f in *; do echo "$f"; done'),
    '.dockerignore\nempty\nkeep.md\nsaid\nsrc\na\nl\nü %',
  );
  assert.equal(await run('bk:two', 'cat', 'src/l', 'said'), 'aversion 7');
  const [image] = JSON.parse(await docker('inspect', 'bk'));
  assert.equal(image.Config.Labels.who, 'me');
  assert.equal(readFileSync(iid, 'utf8'), image.Id);
  const written = JSON.parse(readFileSync(metadata, 'utf8'));
  assert.equal(written['containerimage.config.digest'], image.Id);
  assert.equal(written['image.name'], 'bk,bk:two');
  const again = await buildx(place, ...more);
  assert.match(again, /\[base 3\/4\] COPY \. \.\n#\d+ CACHED/);
  assert.match(again, /\[base 4\/4\] RUN .*\n#\d+ CACHED/);
  writeFileSync(path.join(place, 'src/a'), 'b');
  const changed = await buildx(place, ...more);
  assert.match(changed, /\[base 2\/4\] WORKDIR \/app\n#\d+ CACHED/);
  assert.match(changed, /\[base 3\/4\] COPY \. \.\n#\d+ DONE/);
  assert.equal(await run('bk', 'cat', 'src/l'), 'b');
});

test('what fails, is wrong or is not done: the words, the lines, the exit code', async () => {
  const place = context([from]);
  const other = (...lines: string[]): Promise<string> => {
    writeFileSync(path.join(folder, 'other'), `${lines.join('\n')}\n`);
    return failsToBuild(place, '-f', path.join(folder, 'other'));
  };
  const failed = await other(from, '', 'RUN echo out; \\', '  exit 3');
  assert.match(
    failed,
    /out\n#\d+ ERROR: process "\/bin\/sh -c echo out; {3}exit 3" did not complete successfully: exit code: 3/,
  );
  assert.match(failed, /other:3\n-+\n {3}2 \|.*\n {3}3 \| >>> RUN echo out; \\\n {3}4 \| >>> {3}exit 3\n/);
  assert.match(failed, /ERROR: failed to solve: process/);
  const syntax = await other(from, 'RUNX echo');
  assert.match(syntax, /2 \| >>> RUNX echo/);
  assert.match(
    syntax,
    /failed to solve: dockerfile parse error on line 2: unknown instruction: RUNX \(did you mean RUN\?\)/,
  );
  const cases: readonly (readonly [words: RegExp, ...options: string[]])[] = [
    [/failed to solve: Cannot locate specified Dockerfile: nosuch|nosuch: no such file or directory/, '-f', 'nosuch'],
    [/target stage "nosuch" could not be found/, '--target', 'nosuch'],
    [/tag is needed when pushing to registry/, '--push'],
    [/attestations are not supported/i, '--sbom', 'true'],
    [/attestations are not supported/i, '--attest', 'type=provenance,mode=max'],
    [/\(--cache-to type=nosuch\) is not there yet/, '--cache-to', 'type=nosuch,a=b'],
  ];
  for (const [words, ...options] of cases) assert.match(await failsToBuild(place, ...options), words);
  const several = await failsToBuild(
    context([
      ...[`${from} AS slow`, 'RUN sleep 87654', `${from} AS wrong`, 'RUN sleep 0.5; exit 7'],
      ...[from, 'COPY --from=slow / /slow', 'COPY --from=wrong / /wrong'],
    ]),
  );
  assert.match(several, /\[wrong 2\/2\] RUN sleep 0\.5; exit 7\n(#\d+ .*\n)*#\d+ ERROR: process .* exit code: 7/);
  assert.match(several, /\[slow 2\/2\] RUN sleep 87654\n(#\d+ .*\n)*#\d+ CANCELED/);
  const missing = context([from, 'COPY nope /']);
  const missed = await failsToBuild(missing);
  assert.match(missed, /failed to solve: COPY failed: file not found in build context/);
  assert.match(missed, / {3}2 \| >>> COPY nope \//);
});

test('an archive or a Dockerfile from standard input', async () => {
  const archive = await tarOf([
    { name: 'Dockerfile', content: `${from}\nCOPY a /a\n` },
    { name: 'a', content: 'from the archive' },
  ]);
  await docker.run(['buildx', 'build', '-t', 'piped', '-'], { input: archive });
  assert.equal(await run('piped', 'cat', '/a'), 'from the archive');
  await docker.run(['buildx', 'build', '-t', 'alone', '-'], { input: `${from}\nRUN echo alone > /a\n` });
  assert.equal(await run('alone', 'cat', '/a'), 'alone');
  await old.run(['build', '-t', 'piped:old', '-'], { input: archive });
  assert.equal(await run('piped:old', 'cat', '/a'), 'from the archive');
});

test('Ctrl-C ends the steps that run, and what was finished stays cached', async () => {
  // words that no other suite has, for one may run beside this one
  const place = context([from, 'RUN echo first > /buildkit', 'RUN echo begun; sleep 98765']);
  for (const cli of [
    { docker, words: ['buildx', 'build', place] },
    { docker: old, words: ['build', place] },
  ]) {
    const going = cli.docker.start(cli.words);
    let stderr = '';
    going.child.stderr.on('data', (words: string) => {
      stderr += words;
    });
    await waitUntil('the step runs', () => /[\d.]+ begun/.test(stderr));
    going.child.kill('SIGINT');
    assert.notEqual((await going.ended).code, 0);
    await waitUntil('the step has ended', () => !isRunning('sleep 98765'));
  }
  await waitUntil('the context is gone', () => {
    return readdirSync(path.join(engine.folders.dataRoot, 'build/contexts')).length === 0;
  });
  const target = context([from, 'RUN echo first > /buildkit']);
  assert.match(await buildx(target), /\[2\/2\] RUN echo first > \/buildkit\n#\d+ CACHED/);
});

function isRunning(words: string): boolean {
  const commands = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return commands.some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words;
    } catch {
      // one that has ended
      return false;
    }
  });
}

test('docker buildx bake and docker compose build: several at once on one session', async () => {
  const place = context([from, 'ARG NAME', 'COPY a /a', 'RUN echo $NAME > /name'], { a: 'a' });
  const target = (name: string) => ({ context: place, args: { NAME: name }, tags: [`baked:${name}`] });
  const file = path.join(folder, 'bake.json');
  writeFileSync(
    file,
    JSON.stringify({
      group: { default: { targets: ['one', 'two'] } },
      target: { one: target('one'), two: target('two') },
    }),
  );
  await docker('buildx', 'bake', '-f', file);
  assert.equal(await run('baked:two', 'cat', '/name', '/a'), 'two\na');
  const project = path.join(folder, 'project');
  mkdirSync(project);
  const service = (name: string) => ({
    build: { context: place, args: { NAME: name } },
    image: `composed:${name}`,
    ...{ network_mode: 'none', command: ['cat', '/name'] },
  });
  writeFileSync(
    path.join(project, 'compose.yaml'),
    JSON.stringify({ services: { one: service('c1'), two: service('c2') } }),
  );
  const compose = ['compose', '--project-directory', project];
  await docker(...compose, 'build');
  assert.equal(await run('composed:c1', 'cat', '/name', '/a'), 'c1\na');
  writeFileSync(path.join(place, 'a'), 'b');
  await docker(...compose, 'up', '--build', '--detach');
  await docker('wait', 'project-one-1', 'project-two-1');
  const said = await docker(...compose, 'logs');
  assert.match(said, /one-1 +\| c1/);
  assert.match(said, /two-1 +\| c2/);
  await docker(...compose, 'down');
  assert.equal(await run('composed:c2', 'cat', '/a'), 'b');
});

test("DOCKER_BUILDKIT=1 of 20.10's CLI", async () => {
  const place = context([from, 'ARG V=1', 'COPY a /a', 'RUN echo "v $V" | tee /v'], {
    a: 'a',
    '.dockerignore': 'b',
    b: 'b',
  });
  const iid = path.join(folder, 'iid-old');
  const { stderr } = await old.run(['build', '-t', 'old', '--build-arg', 'V=2', '--iidfile', iid, place]);
  assert.match(stderr, /\[3\/3\] RUN echo "v \$V" \| tee \/v/);
  assert.match(stderr, /[\d.]+ v 2\n/);
  assert.equal(await run('old', 'cat', '/v', '/a'), 'v 2\na');
  const id = await docker('inspect', '-f', '{{.Id}}', 'old');
  assert.equal(readFileSync(iid, 'utf8'), id);
  assert.equal(
    await old('build', '-q', '--build-arg', 'V=2', '-t', 'old', place),
    await docker('inspect', '-f', '{{.Id}}', 'old'),
  );
  const failed = context([from, 'RUN exit 4']);
  assert.match((await old.run(['build', failed], { exits: 1 })).stderr, /did not complete successfully: exit code: 4/);
  const out = path.join(folder, 'out-old');
  await old.run(['build', '-o', out, place]);
  assert.equal(readFileSync(path.join(out, 'a'), 'utf8'), 'a');
});

test('secrets and an ssh agent of the client, which leave nothing', async () => {
  // no other engine's step has a socket of this name
  const target = `/run/agent-${randomBytes(6).toString('hex')}`;
  const place = context([
    from,
    'RUN --mount=type=secret,id=token,required md5sum < /run/secrets/token > /sum',
    'RUN --mount=type=secret,id=none test ! -e /run/secrets/none',
    `RUN --mount=type=ssh,required,target=${target} echo begun; while test ! -e /stop; do sleep 0.1; done`,
  ]);
  const [secret, socket] = [path.join(folder, 'secret'), path.join(folder, 'agent')];
  const value = randomBytes(24).toString('base64url');
  writeFileSync(secret, value);
  // an agent without keys (draft-miller-ssh-agent: SSH_AGENT_IDENTITIES_ANSWER)
  const agent = net.createServer((client) =>
    client.on('data', () => client.write(Buffer.from('000000050c00000000', 'hex'))),
  );
  agent.listen(socket);
  try {
    for (const [cli, command] of [
      [docker, ['buildx', 'build']],
      [old, ['build', '--no-cache']],
    ] as const) {
      const going = cli.start([
        ...command,
        '-t',
        'secret',
        '--secret',
        `id=token,src=${secret}`,
        '--ssh',
        `default=${socket}`,
        place,
      ]);
      let said = '';
      going.child.stderr.on('data', (words: string) => {
        said += words;
      });
      const pid = await waitUntil('the step runs', () =>
        /[\d.]+ begun/.test(said) ? stepWithAgent(target) : undefined,
      );
      const inStep = net.connect(`/proc/${pid}/root${target}`);
      inStep.write(Buffer.from('000000010b', 'hex'));
      let answer = '';
      inStep.on('data', (bytes) => {
        answer += bytes.toString('hex');
      });
      await waitUntil('the agent has answered', () => answer === '000000050c00000000');
      inStep.destroy();
      writeFileSync(`/proc/${pid}/root/stop`, '');
      assert.equal((await going.ended).code, 0, said);
      assert.ok(!said.includes(value));
    }
  } finally {
    agent.close();
  }
  assert.equal(await run('secret', 'cat', '/sum'), `${createHash('md5').update(value).digest('hex')}  -`);
  const missing = context([from, 'RUN --mount=type=secret,id=nosuch,required true']);
  assert.match(await failsToBuild(missing), /secret nosuch: not found/);
});

function stepWithAgent(target: string): string | undefined {
  return readdirSync('/proc').find((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return environment.includes(`SSH_AUTH_SOCK=${target}`);
    } catch {
      // no process, or one that has ended
      return false;
    }
  });
}

test('docker buildx du and prune', async () => {
  await buildx(context([from, 'RUN echo pruned > /pruned']));
  assert.match(await docker('buildx', 'du', '--verbose'), /Description:\s+RUN echo pruned > \/pruned/);
  assert.match(await docker('buildx', 'ls'), /running .*linux\/amd64/);
  assert.match(await docker('buildx', 'prune', '-f', '--filter', 'until=1000h'), /Total:\s+0B/);
  assert.match(await docker('buildx', 'prune', '-f', '--all'), /Total:\s+[1-9]/);
  assert.match(await docker('buildx', 'du'), /Total:\s+0B/);
});
