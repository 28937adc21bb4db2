import { rootArchive } from '../../storage/files/root-archive.ts';
import type { MadeImage } from '../images/image-service.ts';
import type { BuildOutput } from './build-service.ts';
import type { Tree } from './node.ts';
import { lookInto, type SiteDependencies } from './work-site.ts';

interface Result {
  outputs: readonly BuildOutput[];
  tree: Tree;
  made: MadeImage;
}

/** Gives the result of a build to all who want it, one after the other. @throws what one of them fails with */
export async function giveOut(sites: SiteDependencies, { outputs, tree, made }: Result): Promise<void> {
  for (const output of outputs) {
    if (output.kind === 'archive') await output.take(made.archive(output.references));
    else if (output.kind === 'tar') await lookInto(sites, tree, ({ root }) => output.take(rootArchive(root)));
    else await lookInto(sites, tree, ({ rootfs }) => output.take(rootfs));
  }
}
