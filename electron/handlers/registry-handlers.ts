import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { BelugaImported, BelugaMirrorTest, BelugaRegistries } from '../../engine/http/extension-types.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { ChosenFile, LoginFacts, Registries, RegistrySettings, registryMethods } from '../bridge/registries.ts';
import { HostError } from '../hosts/host-error.ts';
import type { LoginFile } from '../registries/login-file.ts';
import { askedHosts } from '../registries/login-keeper.ts';
import type { Logins } from '../registries/logins.ts';

export interface RegistrySources {
  readonly host: Pick<DockerHost, 'system'>;
  readonly logins: Logins;
  readonly loginFile: Pick<LoginFile, 'keeping' | 'weakPossible' | 'agreeToWeak'>;
  readonly chooseTextFile: (what: 'certificates' | 'configuration') => Promise<ChosenFile>;
}

const path = '/beluga/registries';

/** What the renderer may do with registries, their mirrors and logins. */
export function registryHandlers(sources: RegistrySources): Pick<Handlers, keyof typeof registryMethods> {
  const { logins, loginFile, chooseTextFile } = sources;
  const { system } = sources.host;
  const told = <T>(answer: unknown): T => {
    if (answer === undefined) throw new HostError('not-implemented', 'This engine has no settings for registries.');
    return answer as T;
  };
  const facts = async (): Promise<LoginFacts> => {
    const { keeping, weakPossible } = loginFile;
    return { ...(await logins.list()), keeping, weakPossible };
  };
  const view = async ({ settings, fixed, health }: BelugaRegistries): Promise<Registries> => ({
    ...(await facts()),
    settings,
    fixed,
    health,
  });
  const read = async () => (await system.extension(path)) as BelugaRegistries | undefined;
  return {
    'registries.read': async () => {
      const registries = await read();
      return registries ? { registries: await view(registries) } : {};
    },
    'registries.apply': async (body: RegistrySettings) => {
      const applied = told<BelugaRegistries>(await system.extension(path, { method: 'PUT', body }));
      // a new mirror may need a login that the docker CLI has; that it cannot be handed over is no failure of the change
      await logins.handOver(askedHosts(applied.settings)).catch(() => undefined);
      return view(applied);
    },
    'registries.test': async (body) =>
      told<BelugaMirrorTest>(await system.extension(`${path}/test`, { method: 'POST', body })),
    'registries.import': async (body) =>
      told<BelugaImported>(await system.extension(`${path}/import`, { method: 'POST', body })),
    'registries.chooseFile': ({ what }) => chooseTextFile(what),
    'registries.signIn': async ({ host, username, password }) => {
      await logins.signIn(host, username, password);
      return facts();
    },
    'registries.signOut': async ({ host }) => {
      await logins.signOut(host);
      const registries = await read();
      if (registries) await logins.handOver(askedHosts(registries.settings)).catch(() => undefined);
      return facts();
    },
    'registries.keepWeakly': async ({ agreed }) => {
      loginFile.agreeToWeak(agreed);
      return facts();
    },
  };
}
