import type { DockerHost, HostLogin } from '../../engine/compose/docker-host.ts';
import type { LoginFacts, LoginLine } from '../bridge/registries.ts';
import type { DockerCliLogins } from './docker-config.ts';
import type { LoginFile } from './login-file.ts';
import { apiHostOf, registryNameOf } from './registry-name.ts';

/** For whoever asks a registry in the user's name: the login goes into the request, and nowhere else. */
export interface LoginSource {
  /** For exactly this registry (`docker.io`, `host:port`): what was given to the app, else what the docker CLI keeps. */
  loginFor(host: string): Promise<HostLogin | undefined>;
}

/** The logins of the app, and those of the docker CLI. */
export interface Logins extends LoginSource {
  list(): Promise<Pick<LoginFacts, 'logins' | 'unreadable' | 'helperProblems'>>;
  /** Has the registry check it first. @throws HostError `unauthorized` and what else checking may meet. */
  signIn(host: string, username: string, password: string): Promise<void>;
  /** Forgets what was given to the app; the docker CLI's stay. */
  signOut(host: string): Promise<void>;
  /**
   * Hands the engine, into its memory, every login of the app, and the docker CLI's for the hosts in `asked` (mirrors and
   * addresses that stand for a registry): a pull brings its own login for its registry only.
   */
  handOver(asked: readonly string[]): Promise<void>;
}

export interface LoginParts {
  readonly system: Pick<DockerHost['system'], 'extension' | 'checkLogin'>;
  readonly file: LoginFile;
  readonly cli: DockerCliLogins;
}

const pathOf = (host: string) => `/beluga/logins/${encodeURIComponent(apiHostOf(host))}`;

/** Joins the app's logins and the docker CLI's. */
export function createLogins({ system, file, cli }: LoginParts): Logins {
  /** Of the docker CLI's, those that the engine was handed. */
  let lent = new Set<string>();
  const give = (host: string, { username, password, identityToken }: HostLogin) =>
    system.extension(pathOf(host), {
      method: 'PUT',
      body: { username, password, ...(identityToken === undefined ? {} : { identityToken }) },
    });
  const take = (host: string) => system.extension(pathOf(host), { method: 'DELETE' });
  /** A helper that fails is told in the list; a pull goes on without its login. */
  const ofCli = async (host: string) => {
    try {
      return await cli.loginFor(host);
    } catch {
      return undefined;
    }
  };
  const handOverNow = async (asked: readonly string[]) => {
    for (const [host, login] of file.all()) {
      await give(host, login);
      lent.delete(host);
    }
    const others = asked.flatMap((host) => registryNameOf(host) ?? []).filter((host) => !file.all().has(host));
    const still = new Set<string>();
    for (const host of new Set(others)) {
      const login = await ofCli(host);
      if (!login) continue;
      await give(host, login);
      still.add(host);
    }
    for (const host of lent) if (!still.has(host)) await take(host);
    lent = still;
  };
  let handing = Promise.resolve();
  return {
    async loginFor(host) {
      const name = registryNameOf(host);
      return name === undefined ? undefined : (file.all().get(name) ?? (await ofCli(name)));
    },
    async list() {
      const own = [...file.all()].map(([host, { username }]): LoginLine => ({ host, username, from: 'beluga' }));
      const { logins, problems } = await cli.list();
      const theirs = logins.map((login): LoginLine => ({ ...login, from: 'docker-cli' }));
      const others = theirs.filter(({ host }) => !file.all().has(host));
      return { logins: [...own, ...others], unreadable: file.unreadable(), helperProblems: problems };
    },
    async signIn(host, username, password) {
      const identityToken = await system.checkLogin(host, { username, password });
      const login = identityToken === undefined ? { username, password } : { username, password, identityToken };
      file.put(host, login);
      lent.delete(host);
      await give(host, login);
    },
    async signOut(host) {
      file.remove(host);
      await take(host);
    },
    handOver(asked) {
      // one at a time: each ends with what the engine then has
      handing = handing.catch(() => undefined).then(() => handOverNow(asked));
      return handing;
    },
  };
}
