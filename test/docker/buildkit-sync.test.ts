import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { waitUntil } from '../wait-until.ts';
import { type BuildKitScene, from, openBuildKitScene } from './buildkit-scene.ts';

let scene: BuildKitScene;
before(async () => {
  scene = await openBuildKitScene();
});
after(() => scene.close());

const kept = () => path.join(scene.engine.folders.dataRoot, 'build/local');
const whole = [
  from,
  'COPY . /c',
  'CMD ["sh", "-c", "cd /c && find . -mindepth 1 | sort | xargs ls -ld && cat $(find . -type f)"]',
];

/** kB of the context that were sent. */
function sent(said: string): number {
  const [, amount = '', unit = ''] = [...said.matchAll(/transferring context: ([\d.]+)(k?B|MB)/g)].at(-1) ?? [];
  return Number(amount) * ({ B: 0.001, kB: 1, MB: 1000 }[unit] ?? Number.NaN);
}

/** Modes, sizes, times and contents of the image's files; and the same of an image that is made with nothing that was there. */
async function built(place: string): Promise<{ said: string; files: string }> {
  const said = await scene.buildx(place, '-t', 'synced');
  const files = await scene.run('synced');
  return { said, files };
}

async function afresh(place: string): Promise<string> {
  await scene.docker('buildx', 'prune', '-af');
  assert.deepEqual(readdirSync(kept()), []);
  return (await built(place)).files;
}

test('only what has changed is sent again, and nothing stays that is not there any more', async () => {
  const place = scene.context(whole, {
    'a/large': 'x'.repeat(2_000_000),
    'a/b/small': 'small',
    gone: 'gone',
    '0': 'first',
  });
  const at = (name: string) => path.join(place, name);
  linkSync(at('a/b/small'), at('a/link'));
  symlinkSync('/etc/passwd', at('s'));
  assert.ok(sent((await built(place)).said) > 1900);
  const changes: Record<string, () => void> = {
    nothing: () => {},
    'a file': () => writeFileSync(at('a/b/small'), 'other'),
    'a mode': () => chmodSync(at('0'), 0o755),
    'a file that is gone': () => unlinkSync(at('gone')),
    'a directory in the place of a symlink': () => {
      unlinkSync(at('s'));
      mkdirSync(at('s/passwd'), { recursive: true });
      writeFileSync(at('s/passwd/x'), 'x');
    },
    'a symlink in the place of a directory': () => {
      renameSync(at('s'), at('t'));
      symlinkSync('t', at('s'));
    },
    'a file in the place of a directory': () => {
      rmSync(at('t'), { recursive: true });
      writeFileSync(at('t'), 'now a file');
    },
    'a link that is none any more': () => {
      unlinkSync(at('a/link'));
      writeFileSync(at('a/link'), 'third');
    },
    'what is ignored': () => writeFileSync(at('.dockerignore'), 'a/b\n'),
  };
  for (const [what, change] of Object.entries(changes)) {
    change();
    const { said, files } = await built(place);
    assert.ok(sent(said) < 3, `${what}: ${sent(said)} kB`);
    // not by `equal`, which would print all of it
    assert.ok(files === (await afresh(place)), what);
  }
});

test('of what a RUN is given, too; a build that needs less than the one before, and one that needs more', async () => {
  const files = { one: 'one', two: 'x'.repeat(100_000) };
  const both = scene.context(
    [from, 'RUN --mount=target=/m cat /m/one /m/two > /all', 'CMD ["wc", "-c", "/all"]'],
    files,
  );
  assert.match((await built(both)).files, /^100003 /);
  writeFileSync(path.join(both, 'Dockerfile.one'), `${from}\nCOPY one /one\nCMD ["cat", "/one"]\n`);
  await scene.buildx(both, '-f', path.join(both, 'Dockerfile.one'), '-t', 'synced');
  assert.equal(await scene.run('synced'), 'one');
  writeFileSync(path.join(both, 'one'), 'ONE!');
  assert.match((await built(both)).files, /^100004 /);
});

test('it stands in the cache with its size, and goes with it; a named folder is one of its own', async () => {
  await scene.docker('buildx', 'prune', '-af');
  const place = scene.context([from, 'COPY . /c', 'COPY --from=more . /more'], { a: 'x'.repeat(300_000) });
  const more = scene.context([], { b: 'b' });
  await scene.buildx(place, '--build-context', `more=${more}`);
  const listed = await scene.docker('buildx', 'du', '--verbose', '--filter', 'type=source.local');
  assert.match(listed, /Description:\s+local source for context\n/);
  assert.match(listed, /Description:\s+local source for context more\n/);
  assert.match(listed, /Type:\s+source\.local/);
  assert.match(listed, /Size:\s+3\d\d(\.\d+)?kB/);
  await scene.docker('builder', 'prune', '-f', '--filter', 'type=source.local');
  assert.deepEqual(readdirSync(kept()), []);
  const again = await scene.buildx(place, '--build-context', `more=${more}`);
  assert.deepEqual(again.match(/\] (FROM|COPY)\b.*\n.*CACHED/g)?.length, 3);
});

test('several builds of one folder at once have a copy each', async () => {
  const place = scene.context(
    [from, 'ARG N', 'COPY . /c', 'RUN --mount=target=/m sleep 1; cat /m/a > /n; echo $N >> /n', 'CMD ["cat", "/n"]'],
    { a: 'a' },
  );
  await scene.docker('buildx', 'prune', '-af');
  const names = ['n1', 'n2', 'n3'];
  await Promise.all(names.map((name) => scene.buildx(place, '-t', name, '--build-arg', `N=${name}`)));
  for (const name of names) assert.equal(await scene.run(name), `a${name}`);
  assert.equal(readdirSync(kept()).length, 3);
});

test('an engine that is killed while files come: the next build has them all', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`f${index}`, `${index}`.repeat(1_000_000)]),
  );
  const place = scene.context([from, 'COPY . /c', 'CMD ["sh", "-c", "cat /c/f* | sha256sum"]'], files);
  await scene.docker('buildx', 'prune', '-af');
  const { child, ended } = scene.docker.start(['buildx', 'build', place]);
  let heard = '';
  child.stderr.on('data', (words) => {
    heard += String(words);
  });
  await waitUntil('files are coming', () => /transferring context: (\d\d|[2-9])/.test(heard));
  await scene.engine.kill('SIGKILL');
  await ended;
  assert.equal(existsSync(path.join(kept(), readdirSync(kept())[0] ?? '')), true);
  await scene.engine.restart();
  const { files: sum } = await built(place);
  assert.equal(sum, await afresh(place));
});
