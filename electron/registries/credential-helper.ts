import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Milliseconds: a keychain may ask its user to unlock it. */
const longestRun = 30_000;
/** Characters; a login is far smaller. */
const largestAnswer = 256 * 1024;

/** Why a helper gave nothing; what it wrote is in none of them, for it may be a secret. */
export type HelperFailure = 'missing' | 'failed' | 'late';

/** A helper program could not be used. */
export class HelperError extends Error {
  readonly helper: string;
  readonly kind: HelperFailure;

  constructor(helper: string, kind: HelperFailure) {
    super(`The credential helper ${helper} is of no use: ${kind}.`);
    this.name = 'HelperError';
    this.helper = helper;
    this.kind = kind;
  }
}

interface Ending {
  readonly code: number | null;
  readonly error?: NodeJS.ErrnoException;
}

/**
 * Runs `docker-credential-NAME ACTION` with `input` on its stdin (docker-credential-helpers' protocol) and gives what it
 * writes; undefined when it ends with an error, which is its word for "there is none".
 * @throws HelperError when there is no such program, or it does not end in time.
 */
async function runHelper(
  name: string,
  action: 'get' | 'list',
  input: string,
  longest: number,
): Promise<string | undefined> {
  // a name, never a path: what the file says must not lead to a program of anybody's
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new HelperError(name, 'missing');
  const child = spawn(`docker-credential-${name}`, [action], { stdio: ['pipe', 'pipe', 'ignore'], shell: false });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
    // whoever inherited it may hold it open
    child.stdout.destroy();
  }, longest);
  try {
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', (error) => resolve({ code: null, error }));
      child.once('exit', (code) => resolve({ code }));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const [written, ending] = await Promise.all([text(child.stdout).catch(() => ''), ended]);
    if (ending.error) throw new HelperError(name, ending.error.code === 'ENOENT' ? 'missing' : 'failed');
    if (late) throw new HelperError(name, 'late');
    return ending.code === 0 && written.length <= largestAnswer ? written : undefined;
  } finally {
    clearTimeout(timer);
  }
}

function parsed(name: string, answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    throw new HelperError(name, 'failed');
  }
}

export interface HelperLogin {
  readonly username: string;
  readonly secret: string;
}

/** The login that a helper has for exactly this key; undefined when it has none. @throws HelperError */
export async function askHelper(name: string, key: string, longest = longestRun): Promise<HelperLogin | undefined> {
  const answer = await runHelper(name, 'get', key, longest);
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = parsed(name, answer) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') return undefined;
  return { username, secret };
}

/** The keys that a helper has logins for, with their names: without the secrets. @throws HelperError */
export async function listHelper(name: string, longest = longestRun): Promise<ReadonlyMap<string, string>> {
  const answer = await runHelper(name, 'list', '', longest);
  if (answer === undefined) return new Map();
  const entries = Object.entries((parsed(name, answer) ?? {}) as Record<string, unknown>);
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
