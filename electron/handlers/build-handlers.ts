import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { buildMethods } from '../bridge/builds.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { BuildFolders } from '../builds/build-folders.ts';
import type { BuildRecipes } from '../builds/build-recipes.ts';
import type { Builds } from '../builds/builds.ts';
import { shellBefore } from '../builds/shell-before.ts';

export interface BuildHandlerParts {
  readonly host: DockerHost;
  readonly builds: Builds;
  readonly folders: BuildFolders;
  readonly recipes: BuildRecipes;
  readonly chooseFolder: () => Promise<string | undefined>;
  /** What was dropped on the window last. */
  readonly dropped: () => string | undefined;
}

/** What the renderer may do with builds: of folders only with those that were chosen in the system's dialog or dropped. */
export function buildHandlers(parts: BuildHandlerParts): Pick<Handlers, keyof typeof buildMethods> {
  const { host, builds, folders, recipes, chooseFolder, dropped } = parts;
  const granted = async (chosen: string | undefined) => {
    const folder = chosen === undefined ? undefined : await folders.grant(chosen);
    return folder === undefined ? {} : { folder };
  };
  return {
    'builds.watch': (_, signal) => builds.watch(signal),
    'builds.follow': ({ id }, signal) => builds.follow(id, signal),
    'builds.log': ({ id, step }, signal) => builds.log(id, step, signal),
    'builds.cancel': ({ id }) => builds.cancel(id),
    'builds.remove': ({ id }) => builds.remove(id),
    'builds.chooseFolder': async () => granted(await chooseFolder()),
    'builds.dropped': () => granted(dropped()),
    'builds.folder': ({ folder, leaveOut }) => folders.look(folder, leaveOut),
    'builds.offers': ({ folder, dockerfile }) => folders.offers(folder, dockerfile),
    'builds.start': async (form) => ({ id: await builds.start(form) }),
    'builds.again': async ({ id }) => {
      const form = recipes.find(id);
      // it was chosen when the build was asked for
      return form && (await folders.grant(form.folder)) === form.folder ? { form } : {};
    },
    'builds.shell': async ({ id, step }) => ({ container: await shellBefore(host, id, step) }),
    'builds.cache': async () => {
      const entries = await host.builds.cache();
      return entries.map((entry) => ({
        id: entry.ID ?? '',
        kind: entry.Type ?? 'regular',
        description: entry.Description ?? '',
        bytes: entry.Size ?? 0,
        inUse: entry.InUse ?? false,
        uses: entry.UsageCount ?? 0,
        ...(entry.LastUsedAt && { lastUsedAt: entry.LastUsedAt }),
      }));
    },
    'builds.clearCache': ({ id }) => host.builds.pruneCache(id),
  };
}
