import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { ask } from '../raw-http.ts';
import { sampleImage, tarOf } from '../sample.ts';
import { type BuildScene, cachedSteps, from, openBuildScene } from './build-scene.ts';

let scene: BuildScene;
before(async () => {
  scene = await openBuildScene();
});
after(() => scene.close());

const build = (place: string, ...options: string[]) => scene.build(place, ...options);
const failsToBuild = (place: string, code: number, ...options: string[]) => scene.failsToBuild(place, code, ...options);
const context = (lines: readonly string[], files?: Readonly<Record<string, string>>) => scene.context(lines, files);
const run = (image: string, ...command: string[]) => scene.run(image, ...command);
const config = async (image: string) =>
  JSON.parse(await scene.subject.docker('inspect', '-f', '{{json .Config}}', image));
const history = async (image: string) =>
  (await scene.subject.docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image))
    .split('\n')
    .reverse()
    .slice(1);

test('the walk: a context, instructions, what the image says, and a second build out of the cache', async () => {
  const place = context(
    [
      '# syntax=docker/dockerfile:1',
      `ARG BASE=${sampleImage}`,
      'FROM ${BASE} AS base',
      'ARG VERSION=1',
      'ENV A=1 B="two words"',
      'ENV C=$A-${NO:-none}',
      'WORKDIR /app',
      'COPY . .',
      'RUN echo "$VERSION $A $C" > said && \\',
      '    # a comment within',
      '    echo done',
      'EXPOSE 3000 53/udp',
      'VOLUME /data',
      'LABEL who="me and you"',
      'USER 1:2',
      'ENTRYPOINT ["sh", "-c"]',
      'CMD ["cat said"]',
    ],
    { 'src/a.txt': 'a', '.dockerignore': 'ignored\n*.md\n!keep.md\n', ignored: 'i', 'x.md': 'x', 'keep.md': 'k' },
  );
  const first = await build(place, '-t', 'walk', '-t', 'walk:two', '--build-arg', 'VERSION=7', '--label', 'more=1');
  assert.match(first.stdout, /^Step 1\/13 : FROM \$\{BASE\} AS base$/m);
  assert.match(first.stdout, /^done$/m);
  assert.match(
    first.stdout,
    /^Successfully built [0-9a-f]{12}\nSuccessfully tagged walk:latest\nSuccessfully tagged walk:two$/m,
  );
  assert.equal(await run('walk'), '7 1 1-none');
  assert.equal(await run('walk', 'ls -A /app'), '.dockerignore\nDockerfile\nkeep.md\nsaid\nsrc');
  const { Env, ExposedPorts, Volumes, Labels, User, WorkingDir, Entrypoint, Cmd } = await config('walk');
  assert.deepEqual(Env.slice(-3), ['A=1', 'B=two words', 'C=1-none']);
  assert.deepEqual(ExposedPorts, { '3000/tcp': {}, '53/udp': {} });
  assert.deepEqual(
    { Volumes, User, WorkingDir, Entrypoint, Cmd },
    {
      ...{ Volumes: { '/data': {} }, User: '1:2', WorkingDir: '/app', Entrypoint: ['sh', '-c'], Cmd: ['cat said'] },
    },
  );
  assert.equal(Labels.who, 'me and you');
  assert.equal(Labels.more, '1');
  assert.deepEqual((await history('walk')).slice(0, 6), [
    'ARG VERSION=1',
    'ENV A=1 B=two words',
    'ENV C=1-none',
    'WORKDIR /app',
    'COPY . . # buildkit',
    'RUN |1 VERSION=7 /bin/sh -c echo "$VERSION $A $C" > said &&     echo done # buildkit',
  ]);

  // another time of a file is no other content
  utimesSync(path.join(place, 'src/a.txt'), 1, 1);
  const again = await build(place, '-t', 'walk', '--build-arg', 'VERSION=7');
  assert.equal(cachedSteps(again.stdout), 4);
  writeFileSync(path.join(place, 'src/a.txt'), 'b');
  assert.equal(cachedSteps((await build(place, '--build-arg', 'VERSION=7')).stdout), 2);
  assert.equal(cachedSteps((await build(place, '--no-cache')).stdout), 1);
  const quiet = await build(place, '-q', '--build-arg', 'VERSION=7');
  assert.match(quiet.stdout, /^sha256:[0-9a-f]{64}\n$/);
});

test('stages: from one to another, by name and number, up to a target, and none that is not needed', async () => {
  const place = context([
    `${from} AS one`,
    'RUN mkdir -m 700 /o && echo 1 > /o/f && chown 7:8 /o/f && ln /o/f /o/h && chmod 4755 /o/f && ln -s f /o/l',
    `${from} AS never`,
    'RUN false',
    'FROM scratch AS two',
    'COPY --from=one /o /copied',
    `${from}`,
    'COPY --from=two /copied /c',
    'COPY --from=0 /o/l /single',
    'COPY --from=two --chown=55 /copied/f /owned/',
  ]);
  await build(place, '-t', 'stages');
  const found = (
    await run('stages', 'stat', '-c', '%n %a %u:%g %F', '/c', '/c/f', '/c/l', '/single', '/owned', '/owned/f')
  ).split('\n');
  assert.deepEqual(found, [
    '/c 700 0:0 directory',
    '/c/f 4755 7:8 regular file',
    '/c/l 777 0:0 symbolic link',
    '/single 4755 7:8 regular file',
    '/owned 755 55:55 directory',
    '/owned/f 4755 55:55 regular file',
  ]);
  assert.equal(await run('stages', 'sh', '-c', 'stat -c %i /c/f /c/h | uniq | wc -l'), '1', 'one file of two names');
  const target = await build(place, '-t', 'target', '--target', 'one');
  assert.match(target.stdout, /Step 2\/2 : RUN mkdir/);
  assert.match(
    await failsToBuild(place, 1, '--target', 'ones'),
    /target stage "ones" could not be found \(did you mean one\?\)/,
  );
});

test('where files go, whose they are, and what they are called', async () => {
  const place = context(
    [
      from,
      'COPY a /a1',
      'COPY a b /two/',
      'COPY d /d',
      'COPY d/* /glob/',
      'COPY lnk /followed',
      'COPY --chmod=701 a /moded',
      'RUN mkdir -m 711 /there && chown 9:9 /there && ln -s there /way',
      'COPY d /way',
      'WORKDIR /w',
      'USER 1000:1000',
      'WORKDIR in',
      'COPY a rel',
      'COPY <<-one <<"two" /h/',
      '\ttabs $HOSTNAME \\$X "q"',
      'one',
      'raw $X',
      'two',
      'RUN <<EOF',
      'id -u',
      'echo $0',
      'EOF',
    ],
    { a: 'aaa', b: 'b', 'd/x': 'x', 'd/s/y': 'y' },
  );
  chmodSync(path.join(place, 'b'), 0o755);
  symlinkSync('x', path.join(place, 'd/l'));
  symlinkSync('d', path.join(place, 'lnk'));
  const { stdout } = await build(place, '-t', 'files');
  assert.match(stdout, /^1000\n\/bin\/sh$/m);
  const look = (...names: string[]) => run('files', 'stat', '-c', '%n %a %u:%g %F', ...names);
  assert.deepEqual(
    (await look('/a1', '/two/b', '/d/l', '/moded', '/there', '/there/x', '/w', '/w/in', '/w/in/rel')).split('\n'),
    [
      '/a1 644 0:0 regular file',
      '/two/b 755 0:0 regular file',
      '/d/l 777 0:0 symbolic link',
      '/moded 701 0:0 regular file',
      '/there 711 9:9 directory',
      '/there/x 644 0:0 regular file',
      '/w 755 0:0 directory',
      '/w/in 755 1000:1000 directory',
      '/w/in/rel 644 0:0 regular file',
    ],
  );
  assert.equal(await run('files', 'ls', '/glob', '/followed'), '/followed:\nl\ns\nx\n\n/glob:\nl\nx\ny');
  assert.equal(await run('files', 'cat', '/h/one', '/h/two'), 'tabs  $X "q"\nraw $X');
});

test('layers hold what a step has changed, deletions too, and no trace of what a start makes', async () => {
  const place = context([
    from,
    'RUN mkdir /d && echo 1 > /d/1 && echo 2 > /d/2',
    'RUN rm /d/1 && echo 3 > /d/3',
    'RUN rm -r /d && mkdir /d && echo 4 > /d/4',
    'RUN true',
  ]);
  await build(place, '-t', 'layers');
  assert.equal(await run('layers', 'ls', '/d'), '4');
  await scene.subject.docker('save', '-o', path.join(scene.folder, 'layers.tar'), 'layers');
  await scene.subject.docker('rmi', 'layers');
  await scene.subject.docker('load', '-i', path.join(scene.folder, 'layers.tar'));
  assert.equal(await run('layers', 'ls', '/d'), '4', 'the same out of an archive');
  await build(
    context(['FROM scratch', `COPY --from=${sampleImage} /bin /bin`, 'RUN ["/bin/busybox", "true"]']),
    '-t',
    'bare',
  );
  const name = await scene.subject.docker('create', 'bare', 'x');
  const archive = path.join(scene.folder, 'export.tar');
  await scene.subject.docker('export', '-o', archive, name);
  await scene.subject.docker('rm', name);
  const { stdout } = await runToEnd('tar', ['tf', archive]);
  assert.deepEqual(
    stdout.split('\n').filter((file) => file !== '' && !file.startsWith('bin/')),
    [],
  );
});

test('what is mounted for a RUN is there, and leaves nothing', async () => {
  const place = context(
    [
      `${from} AS s`,
      'RUN echo s > /s',
      from,
      'RUN --mount=type=bind,target=/ctx cat /ctx/a > /a',
      'RUN --mount=type=bind,from=s,source=/s,target=/m cat /m > /b',
      'RUN --mount=type=cache,target=/c,id=mine echo again >> /c/c && cat /c/c > /c1',
      'RUN --mount=type=cache,target=/other,id=mine cat /other/c > /c2',
      'RUN --mount=type=tmpfs,target=/t echo t > /t/t',
      'RUN test ! -e /ctx && test ! -e /m && test ! -e /c && test ! -e /t',
      'RUN --network=none ls /sys/class/net > /net',
    ],
    { a: 'from the context' },
  );
  await build(place, '-t', 'mounts');
  assert.equal(await run('mounts', 'cat', '/a', '/b', '/c1', '/c2', '/net'), 'from the contexts\nagain\nagain\nlo');
  const missing = context([from, 'RUN --mount=type=secret,id=x cat /run/secrets/x']);
  assert.match(await failsToBuild(missing, 1), /type=secret needs a client/);
});

test('what a step puts in the way of its mounts leads nobody out of its root', async () => {
  const outside = path.join(scene.folder, 'outside');
  mkdirSync(path.join(outside, 'empty'), { recursive: true });
  const place = context([from, `RUN --mount=type=tmpfs,target=/way/empty mv /way /moved && ln -s ${outside} /way`]);
  await build(place, '-t', 'led');
  assert.deepEqual(readdirSync(outside), ['empty']);
});

test('ADD unpacks archives, and copies what is none', async () => {
  const place = context([from, 'ADD tree.tar /in/', 'ADD plain.gz /', 'ADD a /a/']);
  writeFileSync(
    path.join(place, 'tree.tar'),
    await tarOf([{ name: 'x/y', content: 'y', uid: 5, gid: 6, mode: 0o640 }]),
  );
  writeFileSync(path.join(place, 'plain.gz'), Buffer.from('1f8b08000000000000', 'hex'));
  writeFileSync(path.join(place, 'a'), 'a');
  await build(place, '-t', 'added');
  assert.equal(await run('added', 'stat', '-c', '%n %a %u:%g', '/in/x/y', '/a/a'), '/in/x/y 640 5:6\n/a/a 644 0:0');
  assert.equal(await run('added', 'ls', '/plain.gz'), '/plain.gz');
});

test('ADD of an address: its name, its time, nobody else, unpacked only when told so; a checksum is held to', async () => {
  const archive = await tarOf([{ name: 'x/y', content: 'y' }]);
  const modified = 'Tue, 15 Nov 1994 12:45:26 GMT';
  const server = createServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end();
    else response.writeHead(200, { 'last-modified': modified }).end(request.url === '/a.tar' ? archive : 'fetched');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const checksum = `sha256:${createHash('sha256').update('fetched').digest('hex')}`;
    const lines = [`ADD ${base}/dir/f?q ${base}/a.tar /web/`, `ADD --checksum=${checksum} ${base}/g /g`];
    const unpacked = `ADD --unpack=true ${base}/a.tar /un/`;
    const place = context([from, ...lines, unpacked]);
    await build(place, '-t', 'web');
    assert.equal(
      await run('web', 'stat', '-c', '%n %a %u:%g %Y', '/web/f', '/web/a.tar', '/g'),
      ['/web/f 600 0:0 784903526', '/web/a.tar 600 0:0 784903526', '/g 600 0:0 784903526'].join('\n'),
    );
    assert.equal(await run('web', 'cat', '/un/x/y', '/web/f'), 'yfetched');
    assert.equal(cachedSteps((await build(place)).stdout), 4);
    const wrong = context([from, `ADD --checksum=sha256:${'0'.repeat(64)} ${base}/g /g`]);
    assert.match(await failsToBuild(wrong, 1), /digest mismatch/);
    assert.match(await failsToBuild(context([from, `ADD ${base}/gone /`]), 1), /invalid response status 404/);
  } finally {
    server.close();
  }
});

test('triggers of a base run in what is built on it', async () => {
  await build(context([from, 'ONBUILD RUN echo trig > /trig', 'ONBUILD ENV T=1', 'RUN test ! -e /trig']), '-t', 'base');
  await build(context(['FROM base', 'RUN cat /trig']), '-t', 'triggered');
  assert.equal(await run('triggered', 'sh', '-c', 'cat /trig; echo $T'), 'trig\n1');
  assert.equal((await config('triggered')).OnBuild ?? null, null);
});

test('bad input: the words, the line, the exit code', async () => {
  const cases: readonly (readonly [lines: readonly string[], code: number, words: RegExp])[] = [
    [[from, 'RUN echo out; exit 3'], 3, /The command '\/bin\/sh -c echo out; exit 3' returned a non-zero code: 3/],
    [[from, '', 'RUNX echo'], 1, /dockerfile parse error on line 3: unknown instruction: RUNX \(did you mean RUN\?\)/],
    [[from, 'COPY --frm=x a /'], 1, /parse error on line 2: unknown flag: frm \(did you mean from\?\)/],
    [['RUN x'], 1, /no build stage in current context/],
    [
      [from, 'COPY nope /'],
      1,
      /file not found in build context or excluded by .dockerignore: stat nope: file does not exist/,
    ],
    [[from, 'COPY secret.md /'], 1, /secret.md is left out of the context by .dockerignore \(\*\.md\)/],
    [[from, 'RUN ["/nosuch"]'], 1, /no such file or directory/],
    [[from, 'FROM'], 1, /FROM requires either one or three arguments/],
    [[from, 'COPY --from=0 /a /b'], 1, /circular dependency detected on stage: 0/],
    [[from, 'RUN --security=insecure true'], 1, /security.insecure is not allowed/],
    [[from, 'RUN --network=host true'], 1, /network.host is not allowed/],
    [['FROM --platform=linux/s390x scratch', 'COPY . /', 'RUN ["/x"]'], 1, /cannot run programs of linux\/s390x/],
    [[from, 'ADD https://x.invalid/y.git#main /'], 1, /failed to fetch https:\/\/x\.invalid\/y\.git#main: git failed/],
    [[from, `ADD --checksum=sha256:${'0'.repeat(64)} Dockerfile /`], 1, /non-HTTP\(S\) sources/],
  ];
  for (const [lines, code, words] of cases) {
    const place = context(lines, { '.dockerignore': '*.md\n' });
    // the CLI itself sends nothing of what is ignored
    const tar = await tarOf([
      { name: 'Dockerfile', content: `${lines.join('\n')}\n` },
      { name: '.dockerignore', content: '*.md\n' },
      { name: 'secret.md', content: 's' },
    ]);
    const { stderr } = await scene.subject.docker.run(['build', '-'], { input: tar, exits: code });
    assert.match(stderr, words, place);
  }
  assert.match(await failsToBuild(context([from]), 1, '-f', path.join(scene.folder, 'nosuch')), /nosuch/);
  const none = await ask(scene.subject.socket, {
    method: 'POST',
    path: '/v1.41/build?dockerfile=other',
    body: await tarOf([{ name: 'a' }]),
    headers: { 'content-type': 'application/x-tar' },
  });
  assert.equal(none.status, 400);
  assert.match(none.text, /Cannot locate specified Dockerfile: other/);
  for (const type of ['text/plain', 'application/x-tar', 'application/zip']) {
    const wrong = await ask(scene.subject.socket, {
      method: 'POST',
      path: '/v1.41/build',
      body: Buffer.from('this is no archive, and no Dockerfile'.repeat(40)),
      headers: { 'content-type': type },
    });
    assert.equal(wrong.status, 400, `${type}: ${wrong.text}`);
    assert.match(wrong.text, /archive|tar/);
  }
  const { stdout } = await scene.subject.docker.run(['build', '-'], { input: `${from}\nRUN echo $UNUSED\n` });
  assert.match(stdout, /Successfully built/);
  assert.match(
    (await build(context([from]), '--build-arg', 'NEVER=1')).stdout,
    /\[Warning\] One or more build-args \[NEVER\] were not consumed/,
  );
});
