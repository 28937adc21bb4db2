import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, messageOf, unlessMissing } from '../../base/errors.ts';
import { runProgram } from '../../base/run-program.ts';
import type { BuildClient } from './build-service.ts';
import { type GitAddress, withoutLogin } from './git-address.ts';

export interface CheckoutRequest {
  address: GitAddress;
  /** Is made. */
  directory: string;
  /** `.git` stays. */
  keepsGit: boolean;
  /** Is asked for GIT_AUTH_TOKEN and GIT_AUTH_HEADER, as of BuildKit. */
  client: Pick<BuildClient, 'secret'> | undefined;
  signal: AbortSignal;
}

/** A server that does not answer is waited for so long. */
const longest = 30 * 60_000;
const isCommit = (ref: string) => /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(ref);

/**
 * Fetches one commit of a repository with its submodules, by the host's git: without prompts, hooks, configuration or programs
 * of whoever runs the engine, over http, https and git only.
 *
 * @returns the commit
 * @throws EngineError `unavailable` (`program.missing`), `invalid` with git's words and without logins, `cancelled`
 */
export async function checkOut(request: CheckoutRequest): Promise<string> {
  const { address, directory, keepsGit, signal } = request;
  const { url, ref = 'HEAD' } = address;
  if (!/^(https?|git):\/\//.test(url))
    throw new EngineError('not-implemented', `git over ssh (${withoutLogin(url)}) is not there yet: use https`);
  if (ref.startsWith('-')) throw new EngineError('invalid', `invalid git reference: ${ref}`);
  await mkdir(directory, { mode: 0o755 });
  const env = { ...environment(), ...(await authorization(request)) };
  const git = async (...args: string[]) => {
    const safe = ['-c', 'core.hooksPath=/dev/null', '-c', 'init.defaultBranch=main', '-c', 'advice.detachedHead=false'];
    return (await runProgram('git', [...safe, ...args], { cwd: directory, env, signal, timeoutMilliseconds: longest }))
      .stdout;
  };
  try {
    await git('init', '--quiet');
    await git('remote', 'add', 'origin', url);
    await fetch(git, ref);
    await git('checkout', '--quiet', '--detach', isCommit(ref) ? ref : 'FETCH_HEAD');
    const commit = (await git('rev-parse', 'HEAD')).trim();
    if (existsSync(path.join(directory, '.gitmodules')))
      await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
    if (!keepsGit) await rm(path.join(directory, '.git'), { recursive: true });
    return commit;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EngineError && error.reason === 'program.missing') throw error;
    throw new EngineError('invalid', `failed to fetch ${withoutLogin(url)}#${ref}: ${withoutLogin(messageOf(error))}`, {
      reason: 'build.download',
      params: { address: withoutLogin(url), detail: withoutLogin(messageOf(error)) },
    });
  }
}

/** The one commit where the server can give it alone; of a plain file server, and of a commit that has no name, everything. */
async function fetch(git: (...args: string[]) => Promise<string>, ref: string): Promise<void> {
  try {
    await git('fetch', '--quiet', '--no-tags', '--depth=1', 'origin', ref);
  } catch (error) {
    const why = messageOf(error);
    if (!isCommit(ref) && !/shallow/.test(why)) throw error;
    await git('fetch', '--quiet', 'origin', ...(isCommit(ref) ? ['+refs/*:refs/remotes/origin/*'] : [ref]));
  }
}

function environment(): NodeJS.ProcessEnv {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no|all)_proxy$/i.test(name));
  return {
    ...Object.fromEntries(proxies),
    ...{
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
    },
    ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_ALLOW_PROTOCOL: 'http:https:git', GIT_ASKPASS: 'true' },
  };
}

/** In the environment of git, where no list of processes shows it; for this server only. */
async function authorization({ address, client }: CheckoutRequest): Promise<NodeJS.ProcessEnv> {
  if (!client || !address.url.startsWith('http')) return {};
  const header = await textOf(client, 'GIT_AUTH_HEADER');
  const token = header === undefined ? await textOf(client, 'GIT_AUTH_TOKEN') : undefined;
  const basic = token === undefined ? undefined : `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const value = header ?? basic;
  if (value === undefined) return {};
  const { origin } = new URL(address.url);
  return {
    ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader` },
    GIT_CONFIG_VALUE_0: `Authorization: ${value}`,
  };
}

async function textOf(client: Pick<BuildClient, 'secret'>, id: string): Promise<string | undefined> {
  const secret = await unlessMissing(client.secret(id));
  return secret && Buffer.from(secret).toString('utf8').trim();
}
