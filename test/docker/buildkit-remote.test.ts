import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ask } from '../raw-http.ts';
import { sampleImage, tarOf } from '../sample.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

/** A web server with git repositories (git http-backend, as of any host of repositories) and files. */
interface Site extends AsyncDisposable {
  address: string;
  folder: string;
  /** What a request has to have to get to `/private`. */
  token: string;
  asked: string[];
}

let scene: BuildKitScene;
let site: Site;
before(async () => {
  scene = await openBuildKitScene();
  site = await openSite();
  await makeRepository(path.join(site.folder, 'app.git'));
});
after(async () => {
  await site[Symbol.asyncDispose]();
  await scene.close();
});

async function openSite(): Promise<Site> {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-site-'));
  const made = { folder, token: 'a-token-of-the-test', asked: [] as string[] };
  const server = http.createServer((asked, answer) => {
    const { pathname, search } = new URL(asked.url ?? '', 'http://site');
    made.asked.push(`${asked.method} ${pathname}`);
    const wanted = `basic ${Buffer.from(`x-access-token:${made.token}`).toString('base64')}`;
    if (pathname.startsWith('/private/') && asked.headers.authorization !== wanted) {
      answer.writeHead(401, { 'www-authenticate': 'Basic realm="site"' }).end();
      return;
    }
    if (!pathname.includes('.git')) {
      answer.end(readFileSync(path.join(folder, pathname)));
      return;
    }
    const env = {
      ...{ GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: pathname.replace('/private', '') },
      ...{ QUERY_STRING: search.slice(1), REQUEST_METHOD: asked.method, CONTENT_TYPE: asked.headers['content-type'] },
      ...{
        PATH: process.env.PATH,
        HTTP_CONTENT_ENCODING: asked.headers['content-encoding'],
        GIT_PROTOCOL: asked.headers['git-protocol'] as string,
      },
    };
    const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    asked.pipe(backend.stdin);
    const pieces: Buffer[] = [];
    backend.stdout.on('data', (piece: Buffer) => void pieces.push(piece));
    backend.once('close', () => {
      const whole = Buffer.concat(pieces);
      const end = whole.indexOf('\r\n\r\n');
      for (const line of whole.subarray(0, end).toString().split('\r\n')) {
        const [name = '', value = ''] = line.split(': ');
        if (name === 'Status') answer.statusCode = Number.parseInt(value, 10);
        else answer.setHeader(name, value);
      }
      answer.end(whole.subarray(end + 4));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    ...made,
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}

/** With a tag `v1`, a branch `other` and a subdirectory with a Dockerfile of its own. */
async function makeRepository(bare: string): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'beluga-work-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main', ...args], {
      ...{ cwd: work, stdio: ['ignore', 'ignore', 'inherit'] },
    });
  const commit = (files: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
      writeFileSync(path.join(work, name), content);
    }
    git('add', '-A');
    git('commit', '-qm', 'x');
  };
  git('init', '-q');
  commit({
    Dockerfile: `${from}\nCOPY . /repo\n`,
    said: 'one',
    'sub/Dockerfile': `${from}\nCOPY said /said\n`,
    'sub/said': 'of sub',
  });
  git('tag', 'v1');
  symlinkSync('/etc', path.join(work, 'out'));
  commit({ said: 'two' });
  git('checkout', '-qb', 'other');
  commit({ said: 'of other' });
  git('checkout', '-q', 'main');
  execFileSync('git', ['clone', '-q', '--bare', work, bare]);
  rmSync(work, { recursive: true });
}

const repository = () => `${site.address}/app.git`;
const contexts = () => readdirSync(path.join(scene.engine.folders.dataRoot, 'build/contexts'));

test('a git repository as the context: the default branch, a tag, a branch, a commit, a directory', async () => {
  const cases = [
    ['', '/repo/said', 'two'],
    ['#v1', '/repo/said', 'one'],
    ['#other', '/repo/said', 'of other'],
    ['#v1:sub', '/said', 'of sub'],
    ['#:sub', '/said', 'of sub'],
  ] as const;
  for (const [fragment, file, said] of cases) {
    await scene.buildx(repository() + fragment, '-t', 'git');
    assert.equal(await scene.run('git', 'cat', file), said, fragment);
  }
  const commit = execFileSync('git', ['rev-parse', 'v1'], {
    cwd: path.join(site.folder, 'app.git'),
    encoding: 'utf8',
  }).trim();
  await scene.buildx(`${repository()}#${commit}`, '-t', 'git');
  assert.equal(await scene.run('git', 'sh', '-c', 'cat /repo/said; ls -A /repo'), 'oneDockerfile\nsaid\nsub');
  await scene.buildx(repository(), '-t', 'git', '--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1');
  assert.match(await scene.run('git', 'ls', '-A', '/repo'), /^\.git$/m);
  await scene.old('build', '-t', 'git-old', `${repository()}#v1:sub`);
  assert.equal(await scene.run('git-old', 'cat', '/said'), 'of sub');
  assert.deepEqual(contexts(), []);
});

test('POST /build?remote=: a repository, an archive, a Dockerfile', async () => {
  writeFileSync(path.join(site.folder, 'Plain'), `${from}\nRUN echo plain > /plain\n`);
  const archive = await tarOf([
    { name: 'Dockerfile', content: `${from}\nCOPY a /a\n` },
    { name: 'a', content: 'archived' },
  ]);
  writeFileSync(path.join(site.folder, 'context.tar'), archive);
  const build = async (remote: string) => {
    const query = new URLSearchParams({ remote, t: 'remote' });
    const answer = await ask(scene.engine.folders.socket, { method: 'POST', path: `/build?${query}` });
    return `${answer.status} ${answer.text}`;
  };
  for (const [remote, file, said] of [
    [repository(), '/repo/said', 'two'],
    [`${site.address}/context.tar`, '/a', 'archived'],
    [`${site.address}/Plain`, '/plain', 'plain'],
  ] as const) {
    assert.match(await build(remote), /Successfully built/);
    assert.equal(await scene.run('remote', 'cat', file), said);
  }
  assert.match(await build('ftp://nowhere/x'), /is no address to build from/);
  assert.match(await build('git@127.0.0.1:x.git'), /git over ssh .* is not there yet: use https/);
});

test('ADD of a repository: cached by its commit, with .git where it is wanted', async () => {
  const place = scene.context([
    from,
    `ADD ${repository()}#v1:sub /sub`,
    `ADD --keep-git-dir=true ${repository()} /all`,
  ]);
  await scene.buildx(place, '-t', 'added');
  assert.equal(await scene.run('added', 'sh', '-c', 'cat /sub/said /all/said; ls -d /all/.git'), 'of subtwo/all/.git');
  assert.match(await scene.buildx(place, '-t', 'added'), /ADD --keep-git-dir=true .*\n#\d+ CACHED/);
});

test('--build-context of a repository', async () => {
  const place = scene.context([from, 'COPY --from=code said /said']);
  await scene.buildx(place, '-t', 'code', '--build-context', `code=${repository()}#other`);
  assert.equal(await scene.run('code', 'cat', '/said'), 'of other');
});

test('a private repository: by the token of the client, which is in no log and nothing that is kept', async () => {
  const address = `${site.address}/private/app.git`;
  assert.match(await scene.failsToBuild(address), /failed to fetch .*\/private\/app\.git#HEAD: git failed/);
  const token = path.join(scene.folder, 'token');
  writeFileSync(token, site.token);
  await scene.buildx(address, '-t', 'private', '--secret', `id=GIT_AUTH_TOKEN,src=${token}`);
  assert.equal(await scene.run('private', 'cat', '/repo/said'), 'two');
  assert.doesNotMatch(scene.engine.log(), new RegExp(site.token));
});

test('what is wrong: a reference, a directory, a way out of the repository, a server that is away', async () => {
  const fails = (address: string) => scene.failsToBuild(address);
  assert.match(await fails(`${repository()}#nosuch`), /couldn't find remote ref nosuch/);
  assert.match(await fails(`${repository()}#--upload-pack=x`), /invalid git reference: --upload-pack=x/);
  assert.match(await fails(`${repository()}#:nosuch`), /nosuch/);
  assert.match(await fails(`${repository()}#:out`), /Cannot locate specified Dockerfile|out/);
  assert.match(
    await fails('http://user:hidden@127.0.0.1:1/x.git'),
    /failed to fetch http:\/\/\*\*\*@127\.0\.0\.1:1\/x\.git#HEAD/,
  );
  assert.deepEqual(contexts(), []);
  assert.equal(await scene.docker('run', '--rm', sampleImage, 'true'), '');
});
