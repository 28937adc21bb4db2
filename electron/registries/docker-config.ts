import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import type { HostLogin } from '../../engine/compose/docker-host.ts';
import { askHelper, HelperError, listHelper } from './credential-helper.ts';
import { registryNameOf } from './registry-name.ts';

/** A login that the docker CLI keeps; without its secret. */
export interface CliLogin {
  /** `docker.io`, `registry.example:5000`. */
  readonly host: string;
  /** Absent where only the helper knows it. */
  readonly username?: string;
}

/** A helper that is configured and cannot be used. */
export type HelperProblem = Pick<HelperError, 'helper' | 'kind'>;

/** The docker CLI's logins: read at each question, never copied and never written. */
export interface DockerCliLogins {
  /** The names alone; helpers that cannot be used are told beside. */
  list(): Promise<{ logins: readonly CliLogin[]; problems: readonly HelperProblem[] }>;
  /** The login for exactly this registry (`registryNameOf`). @throws HelperError */
  loginFor(host: string): Promise<HostLogin | undefined>;
}

/** cli/config/configfile of docker/cli; what is of another form is passed over. */
const configFile = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }).catch({}))
    .catch({})
    .default({}),
  credsStore: z.string().catch('').default(''),
  credHelpers: z.record(z.string(), z.string()).catch({}).default({}),
});
type ConfigFile = z.output<typeof configFile>;

/** `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
export function dockerConfigFile(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env.DOCKER_CONFIG || path.join(homedir(), '.docker'), 'config.json');
}

function readConfig(file: string): ConfigFile {
  try {
    const read = configFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (read.success) return read.data;
  } catch {
    // none, or not readable: no logins
  }
  return configFile.parse({});
}

/** `name:password` in base64, as `docker login` writes it; the password may hold colons. */
function readAuth({ auth = '', identitytoken }: ConfigFile['auths'][string]): HostLogin | undefined {
  const decoded = Buffer.from(auth, 'base64').toString('utf8').replaceAll('\0', '');
  const colon = decoded.indexOf(':');
  if (colon <= 0) return undefined;
  const login = { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  return identitytoken ? { ...login, password: '', identityToken: identitytoken } : login;
}

/** A helper's name for an identity token in place of a password. */
const tokenName = '<token>';

/** The keys of a table that mean exactly this registry. */
const keysFor = (table: object, host: string) => Object.keys(table).filter((key) => registryNameOf(key) === host);

/** What may be written for a registry in a helper: the keys that the file has for it, and those that `docker login` would write. */
function helperKeys(config: ConfigFile, host: string): string[] {
  const usual = host === 'docker.io' ? ['https://index.docker.io/v1/'] : [host, `https://${host}`];
  return [...new Set([...keysFor(config.auths, host), ...usual])];
}

async function askFor(helper: string, keys: readonly string[], longest?: number): Promise<HostLogin | undefined> {
  for (const key of keys) {
    const found = await askHelper(helper, key, longest);
    if (!found) continue;
    const { username, secret } = found;
    return username === tokenName ? { username, password: '', identityToken: secret } : { username, password: secret };
  }
  return undefined;
}

/** The logins of a docker CLI's file; `longest` milliseconds for a helper. */
export function dockerCliLogins(file: string, longest?: number): DockerCliLogins {
  const stored = async (config: ConfigFile) => {
    if (config.credsStore === '') return { names: new Map<string, string>(), problems: [] };
    try {
      return { names: await listHelper(config.credsStore, longest), problems: [] };
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      return { names: new Map<string, string>(), problems: [{ helper: error.helper, kind: error.kind }] };
    }
  };
  return {
    async list() {
      const config = readConfig(file);
      const { names, problems } = await stored(config);
      const logins = new Map<string, CliLogin>();
      const put = (key: string, username?: string) => {
        const host = registryNameOf(key);
        if (host) logins.set(host, username && username !== tokenName ? { host, username } : { host });
      };
      for (const [key, entry] of Object.entries(config.auths)) {
        const login = readAuth(entry);
        if (login) put(key, login.username);
      }
      for (const [key, username] of names) put(key, username);
      for (const key of Object.keys(config.credHelpers)) put(key);
      return { logins: [...logins.values()], problems };
    },
    async loginFor(host) {
      const config = readConfig(file);
      const [own] = keysFor(config.credHelpers, host);
      const helper = own === undefined ? config.credsStore : config.credHelpers[own];
      if (helper) {
        const found = await askFor(helper, own === undefined ? helperKeys(config, host) : [own], longest);
        if (found) return found;
      }
      for (const key of keysFor(config.auths, host)) {
        const login = readAuth(config.auths[key] ?? {});
        if (login) return login;
      }
      return undefined;
    },
  };
}
