import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requireProgram } from '../../engine/base/program-file.ts';
import { bundlesDirectory } from '../../engine/drivers/mounts/namespace-record.ts';
import { waitUntil } from '../wait-until.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-secrets-'));
for (const name of ['data', 'run']) mkdirSync(path.join(folder, name));
after(() => rmSync(folder, { recursive: true }));

const secrets = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')] as const;
const md5 = (value: string) => createHash('md5').update(value).digest('hex');

/** An engine in a mount namespace of its own. */
function inside(mode: 'walk' | 'middle' | 'next') {
  const program = fileURLToPath(new URL('build-inside.ts', import.meta.url));
  const env = { ...process.env, SECRET_ONE: secrets[0], SECRET_TWO: secrets[1] };
  const args = ['--mount', '--propagation', 'private', process.execPath, program, folder, mode];
  return spawn(requireProgram('unshare'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Files of the folder in which a value stands, whole or encoded. */
function filesWithSecrets(): string[] {
  const wanted = secrets.flatMap((value) => [value, Buffer.from(value).toString('base64').slice(0, 30)]);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => {
      const bytes = readFileSync(file);
      return wanted.some((value) => bytes.includes(value));
    });
}

async function walkOf(child: ReturnType<typeof inside>) {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.ok(stdout.startsWith('{'), `${stdout}\n${stderr}`);
  return { told: JSON.parse(stdout) as Record<string, string>, all: stdout + stderr };
}

test('secrets and agents of the client: as asked for, in the step only, and their values are nowhere on the disk', async () => {
  const { told, all } = await walkOf(inside('walk'));
  const { refused = '', said = '', answer, secret, agent, optional = '' } = told;
  assert.match(refused, /SecretsUsedInArgOrEnv: .*\(ARG "API_TOKEN"\)/);
  // what goes to the two outputs of a step may come in any order
  assert.match(refused, /^440 3:4$/m);
  assert.match(refused, /^tmpfs$/m);
  assert.match(refused, /returned a non-zero code/, 'a secret cannot be written to');
  for (const value of secrets) assert.ok(refused.includes(md5(value)), refused);
  assert.match(said, /^built sha256:/m);
  assert.equal(answer, 'identities?');
  assert.equal(secret, 'failed: secret none: not found\n');
  assert.equal(agent, 'failed: no SSH key "other" forwarded from the client\n');
  assert.match(optional, /^built sha256:/m);
  for (const value of secrets) assert.ok(!all.includes(value), 'no message and no line of the log has it');
  assert.deepEqual(filesWithSecrets(), []);
});

test('an engine that is killed while a step has secrets leaves none of them', async () => {
  const child = inside('middle');
  const [first] = await once(child.stdout, 'data');
  assert.equal(String(first), 'begun\n');
  assert.deepEqual(filesWithSecrets(), []);
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.deepEqual(filesWithSecrets(), []);
  const next = inside('next');
  assert.deepEqual(await once(next, 'close'), [0, null]);
  assert.deepEqual(filesWithSecrets(), []);
  const bundles = bundlesDirectory(path.join(folder, 'run'));
  await waitUntil('nothing of the step is left', () => !existsSync(bundles) || readdirSync(bundles).length === 0);
  await waitUntil('its processes are gone', () => !hasProcess());
});

const hasProcess = () =>
  readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(`TWO=${secrets[1]}`);
    } catch {
      return false;
    }
  });
