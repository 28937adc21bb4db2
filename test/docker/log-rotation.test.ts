import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
/** dockerd 20.10 loses lines for who follows over a rotation, and leaves what it compresses lying about. */
let isOld = false;
let followed: Promise<string>;
before(async () => {
  subject = await startSubject();
  isOld = !subject.isBeluga && (await docker('version', '-f', '{{.Server.Version}}')).startsWith('20.');
  // all at once: they take their time
  await docker('run', '-d', '--name', 'rot', ...logOptions('max-size=40k', 'max-file=3'), ...counting);
  await docker('run', '-d', '--name', 'one', ...logOptions('max-size=40k'), ...counting);
  await docker('run', '-d', '--name', 'gz', ...logOptions('max-size=40k', 'max-file=3', 'compress=true'), ...counting);
  await docker(
    'run',
    '-d',
    '--name',
    'loc',
    '--log-driver=local',
    ...logOptions('max-size=30k', 'max-file=3'),
    ...counting,
  );
  await docker('create', '--name', 'fol', ...logOptions('max-size=20k', 'max-file=2', 'compress=true'), ...counting);
  await docker('start', 'fol');
  followed = docker('logs', '-f', 'fol');
});
after(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
  await subject.close();
});

const docker = (...args: string[]) => subject.docker(...args);
/** Writes the numbers from 1 to 4000 in some two seconds. */
const counting = [
  ...['--network', 'none', sampleImage, 'sh', '-c'],
  'i=0; while [ $i -lt 40 ]; do seq $((i*100+1)) $((i*100+100)); i=$((i+1)); sleep 0.05; done',
];
const logOptions = (...options: string[]) => options.flatMap((option) => ['--log-opt', option]);
const numbers = (words: string) => words.split('\n').filter(Boolean).map(Number);
const upTo = (last: number, count: number) => Array.from({ length: count }, (_, index) => last - count + 1 + index);

async function filesOf(name: string): Promise<string[]> {
  const file = await docker('inspect', '-f', '{{.LogPath}}', name);
  const { dir, base } = path.parse(file);
  return readdirSync(dir)
    .filter((other) => other.startsWith(base) && !other.endsWith('.tmp'))
    .map((other) => other.slice(base.length))
    .sort();
}

test('max-size and max-file: the last lines stay, whole and in order, over all files', async () => {
  await docker('wait', 'rot');
  assert.deepEqual(await filesOf('rot'), ['', '.1', '.2']);
  const kept = numbers(await docker('logs', 'rot'));
  assert.ok(kept.length > 500 && kept.length < 4000, `${kept.length} lines of 4000 are kept`);
  assert.deepEqual(kept, upTo(4000, kept.length));
  // the newest file alone has fewer
  assert.deepEqual(
    numbers(await docker('logs', '--tail', String(kept.length - 7), 'rot')),
    upTo(4000, kept.length - 7),
  );
  assert.deepEqual(numbers(await docker('logs', '--tail', '3', 'rot')), [3998, 3999, 4000]);
  const stamped = (await docker('logs', '-t', 'rot')).split('\n');
  const [since = '', first = ''] = (stamped[100] ?? '').split(' ');
  const later = numbers(await docker('logs', '--since', since, 'rot'));
  assert.deepEqual(later, upTo(4000, later.length));
  assert.ok((later[0] ?? 0) <= Number(first) && later.length < kept.length, 'since counts in rotated files too');
});

test('max-file=1, Docker’s default: what is over the size is gone', async () => {
  await docker('wait', 'one');
  const kept = numbers(await docker('logs', 'one'));
  assert.ok(kept.length < 3000, `${kept.length} lines of 4000 are kept`);
  assert.deepEqual(kept, upTo(4000, kept.length));
  if (!isOld) await waitUntil('one file is left', async () => (await filesOf('one')).length === 1);
});

test('compress: rotated files are gzip, and are read like the others', async () => {
  await docker('wait', 'gz');
  await waitUntil('both are compressed', async () => (await filesOf('gz')).join() === ',.1.gz,.2.gz');
  const kept = numbers(await docker('logs', 'gz'));
  assert.ok(kept.length > 500);
  assert.deepEqual(kept, upTo(4000, kept.length));
  assert.deepEqual(numbers(await docker('logs', '--tail', String(kept.length - 7), 'gz')), upTo(4000, kept.length - 7));
  const file = await docker('inspect', '-f', '{{.LogPath}}', 'gz');
  assert.ok(statSync(`${file}.1.gz`).size < 30_000);
});

test('following loses nothing over rotations, and no line comes twice', async () => {
  const told = numbers(await followed);
  if (isOld) return;
  assert.deepEqual(told.slice(-1000), upTo(4000, 1000), 'up to the end');
  // what was rotated away before the client came is not told
  assert.deepEqual(told, upTo(4000, told.length));
  assert.ok(told.length > 3000, `${told.length} of 4000`);
});

test('local: compressed and rotated without a word, read like any other, its files nobody’s business', async () => {
  await docker('wait', 'loc');
  const kept = numbers(await docker('logs', 'loc'));
  assert.ok(kept.length > 500);
  assert.deepEqual(kept, upTo(4000, kept.length));
  assert.equal(await docker('inspect', '-f', '[{{.LogPath}}] {{.HostConfig.LogConfig.Type}}', 'loc'), '[] local');
});

test('a container that is started again goes on in the same files', async () => {
  const script = 'n=$(cat /n 2>/dev/null || echo 0); seq $((n*1000+1)) $((n*1000+1000)); echo $((n+1)) > /n; sleep 0.4';
  await docker(
    'run',
    '--name',
    'ag',
    '--network',
    'none',
    ...logOptions('max-size=60k', 'max-file=9'),
    sampleImage,
    'sh',
    '-c',
    script,
  );
  for (let round = 1; round < 4; round++) await docker('start', '-a', 'ag');
  assert.deepEqual(numbers(await docker('logs', 'ag')), upTo(4000, 4000));
});
