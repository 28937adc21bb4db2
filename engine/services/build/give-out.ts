import { rootArchive } from '../../storage/files/root-archive.ts';
import type { MadeImage } from '../images/image-service.ts';
import type { BuildOutput, ResultFolder } from './build-service.ts';
import type { Tree } from './node.ts';
import { lookInto, type SiteDependencies } from './work-site.ts';

interface NamedTree {
  /** As of `ResultFolder`. */
  name: string;
  tree: Tree;
}

interface Result {
  outputs: readonly BuildOutput[];
  /** One for each platform. */
  trees: readonly NamedTree[];
  archive: MadeImage['archive'];
}

/** Gives the result of a build to all who want it, one after the other. @throws what one of them fails with */
export async function giveOut(sites: SiteDependencies, { outputs, trees, archive }: Result): Promise<void> {
  for (const output of outputs) {
    if (output.kind === 'archive') await output.take(archive(output.references));
    else if (output.kind === 'files') await withFolders(sites, trees, output.take);
    else for (const { tree } of trees) await lookInto(sites, tree, ({ root }) => output.take(rootArchive(root)));
  }
}

/** All of them at once. */
function withFolders(
  sites: SiteDependencies,
  trees: readonly NamedTree[],
  work: (folders: readonly ResultFolder[]) => Promise<void>,
): Promise<void> {
  const [first, ...others] = trees;
  if (!first) return work([]);
  return lookInto(sites, first.tree, ({ rootfs }) =>
    withFolders(sites, others, (folders) => work([{ name: first.name, directory: rootfs }, ...folders])),
  );
}
