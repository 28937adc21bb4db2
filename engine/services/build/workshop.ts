import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { openPathOnly } from '../../base/libc.ts';
import { at } from '../../dockerfile/dockerfile-error.ts';
import { madeByStart } from '../../drivers/oci/made-by-start.ts';
import type { OutputChunk } from '../../drivers/oci/runtime.ts';
import { lookUpUser } from '../../drivers/oci/user-lookup.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { SelectedSource } from '../../storage/files/select-files.ts';
import type { BuildContext, ContextFolder } from './build-context.ts';
import type { BuildMessage, BuildRequest } from './build-service.ts';
import type { CacheMounts } from './cache-mounts.ts';
import { type CopySource, copyInto, requireSources, type SourceRoot, writeDocuments } from './copy-work.ts';
import type { Downloaded, Downloads } from './downloads.ts';
import { bringMounts } from './exec-mounts.ts';
import { withSecrets } from './exec-secrets.ts';
import type { CopyNode, CopyPart, DirectoryNode, ExecMount, ExecNode, Node, Tree } from './node.ts';
import type { RemoteFiles } from './remote-files.ts';
import { type ExecDependencies, runExec } from './run-exec.ts';
import type { Workshop } from './solver.ts';
import { contentKey, copyKey, directoryKey, execKey, keyOf } from './step-keys.ts';
import { lookInto, makeLayer, type SiteDependencies } from './work-site.ts';

export interface WorkshopParts {
  sites: SiteDependencies;
  exec: ExecDependencies;
  dataRoot: string;
  cacheMounts: CacheMounts;
  downloads: Downloads;
  remote: Pick<RemoteFiles, 'repository'>;
  /** Told what this build has of the cache. */
  using(id: string): void;
  context: BuildContext;
  /** By their names; those that are needed. */
  named: ReadonlyMap<string, ContextFolder>;
  request: BuildRequest;
  lease: Lease;
  signal: AbortSignal;
  report(message: BuildMessage): void;
}

type AddressPart = Extract<CopyPart, { address: string }>;
type GitPart = Extract<CopyPart, { repository: unknown }>;
type FilePart = Extract<CopyPart, { from: unknown }>;
type Solve = (node: Node) => Promise<Tree>;

type BindMount = Extract<ExecMount, { type: 'bind' }>;

const isContextBind = (mount: ExecMount): mount is BindMount => mount.type === 'bind' && mount.from === 'context';
const isAddress = (part: CopyPart): part is AddressPart => 'address' in part;
const isGit = (part: CopyPart): part is GitPart => 'repository' in part;
const isFiles = (part: CopyPart): part is FilePart => 'from' in part;

/** What one build does its steps with. */
export function createWorkshop(parts: WorkshopParts): Workshop {
  const selected = new Map<object, Promise<readonly SelectedSource[]>>();
  const once = (of: object, select: () => Promise<readonly SelectedSource[]>) => {
    const known = selected.get(of) ?? select();
    known.catch(() => {});
    selected.set(of, known);
    return known;
  };
  const fromContext = (part: FilePart, node: CopyNode) =>
    once(part, () => selectFrom(parts, { part, node, from: folderOf(parts, part) }));
  const fetches = new Map<AddressPart, Promise<Downloaded>>();
  const fetched = (part: AddressPart) => {
    const known = fetches.get(part) ?? parts.downloads.fetch({ ...part, signal: parts.signal, using: parts.using });
    known.catch(() => {});
    fetches.set(part, known);
    return known;
  };
  const bound = (mount: BindMount) => once(mount, () => selectBound(parts, mount));
  return {
    async keyOf(node, keyOfInput) {
      const input = await keyOfInput(node.input);
      if (node.op === 'directory') return directoryKey(node, input);
      if (node.op === 'exec') return execKey(node, input, await mountKeys(bound, node, keyOfInput));
      const keys = node.parts.map(async (part) => {
        if (isAddress(part)) {
          const { name, digest } = await fetched(part);
          return keyOf('download', name, digest, part.unpack);
        }
        if (isGit(part)) {
          const { commit } = await parts.remote.repository(part.repository, part);
          return keyOf('git', commit, part.repository.directory, part.keepsGit);
        }
        if (!isFiles(part)) return keyOf('document', part.name, part.content);
        if (part.from !== 'context') return keyOf('part', await keyOfInput(part.from), part.sources, part.exclude);
        return contentKey(await fromContext(part, node), { owned: false, moded: node.mode === undefined });
      });
      return copyKey(node, input, await Promise.all(keys));
    },
    async filesOf(node) {
      if (node.op === 'directory') return [];
      if (node.op === 'exec') return (await Promise.all(node.mounts.filter(isContextBind).map(bound))).flat();
      const ofContext = node.parts.filter(isFiles).filter(({ from }) => from === 'context');
      return (await Promise.all(ofContext.map((part) => fromContext(part, node)))).flat();
    },
    make(node, input, solve) {
      if (node.op === 'directory') return makeDirectory(parts, node, input);
      if (node.op === 'exec') return exec(parts, { node, input, solve });
      return copy(parts, { node, input, solve, fromContext, fetched });
    },
  };
}

async function selectFrom(
  { sites }: WorkshopParts,
  { part, node, from }: { part: FilePart; node: CopyNode; from: SourceRoot & { ignore?: readonly string[] } },
): Promise<readonly SelectedSource[]> {
  const { sources, exclude } = part;
  const { ignore = [] } = from;
  const found = await sites.files.select({ root: from.root, sources, ignore, exclude });
  const kind = node.unpack ? 'ADD' : 'COPY';
  return at(node.step.lines, () => requireSources(found, kind));
}

function folderOf({ context, named }: WorkshopParts, part: FilePart): ContextFolder {
  const folder = part.named === undefined ? context : named.get(part.named);
  if (!folder) throw new Error(`the context ${part.named} was not opened`);
  return folder;
}

async function selectBound({ sites, context }: WorkshopParts, { source }: BindMount): Promise<SelectedSource[]> {
  const request = { root: context.root, sources: [source], ignore: context.ignore, exclude: [] };
  return requireSources(await sites.files.select(request), 'RUN --mount');
}

function mountKeys(
  bound: (mount: BindMount) => Promise<readonly SelectedSource[]>,
  node: ExecNode,
  keyOfInput: (node: Node) => Promise<string>,
): Promise<string[]> {
  return Promise.all(
    node.mounts.map(async (mount) => {
      if (mount.type !== 'bind') return '';
      if (mount.from !== 'context') return keyOfInput(mount.from);
      return contentKey(await bound(mount), { owned: false, moded: true });
    }),
  );
}

function makeDirectory({ sites, lease }: WorkshopParts, node: DirectoryNode, input: Tree): Promise<Tree> {
  return makeLayer(sites, { input, lease }, async (site) => {
    const { uid, gid } = lookUpUser(site.rootfs, node.user, []);
    await sites.files.makeDirectories({ root: site.root, path: node.path, owner: { uid, gid } });
  });
}

async function exec(
  parts: WorkshopParts,
  { node, input, solve }: { node: ExecNode; input: Tree; solve: Solve },
): Promise<Tree> {
  const { sites, lease, request, signal, report } = parts;
  const brought = await bringMounts(parts, node, solve);
  try {
    const { mounts } = brought;
    const output = (log: OutputChunk) => report({ step: node.step.number, log });
    return await makeLayer(sites, { input, lease, made: madeByStart }, (site) =>
      withSecrets(sites.mounter, { site, mounts: node.mounts, client: request.client, signal }, (secrets) =>
        runExec(parts.exec, { ...{ node, site, mounts, secrets, request, signal, output } }),
      ),
    );
  } finally {
    await brought.close();
  }
}

interface Copying {
  node: CopyNode;
  input: Tree;
  solve: Solve;
  fromContext(part: FilePart, node: CopyNode): Promise<readonly SelectedSource[]>;
  fetched(part: AddressPart): Promise<Downloaded>;
}

async function copy(parts: WorkshopParts, copying: Copying): Promise<Tree> {
  const { sites, lease } = parts;
  const { node, input } = copying;
  const work = (sources: readonly CopySource[]) =>
    makeLayer(sites, { input, lease }, (site) => copyInto(sites.files, { node, site, sources }));
  return withSources(parts, copying, node.parts, [], work);
}

/** Opens one part after the other, each for as long as the work takes. */
async function withSources(
  parts: WorkshopParts,
  copying: Copying,
  [part, ...rest]: readonly CopyPart[],
  opened: readonly CopySource[],
  work: (sources: readonly CopySource[]) => Promise<Tree>,
): Promise<Tree> {
  if (!part) return work(opened);
  const goOn = (source: CopySource) => withSources(parts, copying, rest, [...opened, source], work);
  const { node } = copying;
  if (isAddress(part)) return withDownload(parts, await copying.fetched(part), { unpack: part.unpack, work: goOn });
  if (isGit(part)) return withRepository(parts, part, goOn);
  if (!isFiles(part)) return withDocument(parts, { name: part.name, content: part.content }, goOn);
  if (part.from === 'context')
    return goOn({ from: folderOf(parts, part), selected: await copying.fromContext(part, node), isContext: true });
  return lookInto(parts.sites, await copying.solve(part.from), async (site) => {
    const from = { root: site.root, directory: site.rootfs };
    return goOn({ from, selected: await selectFrom(parts, { part, node, from }), isContext: false });
  });
}

async function withDownload(
  { sites }: WorkshopParts,
  { directory, name }: Downloaded,
  { unpack, work }: { unpack: boolean; work: (source: CopySource) => Promise<Tree> },
): Promise<Tree> {
  const root = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  try {
    const found = await sites.files.select({
      root,
      sources: [name.replace(/[*?[\\]/g, '\\$&')],
      ignore: [],
      exclude: [],
    });
    return await work({ from: { root, directory }, selected: requireSources(found, 'ADD'), isContext: true, unpack });
  } finally {
    closeSync(root);
  }
}

async function withRepository(
  { sites, remote }: WorkshopParts,
  part: GitPart,
  work: (source: CopySource) => Promise<Tree>,
): Promise<Tree> {
  const { directory } = await remote.repository(part.repository, part);
  const root = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  try {
    const sources = [`/${part.repository.directory}`];
    const found = await sites.files.select({ root, sources, ignore: [], exclude: [] });
    return await work({ from: { root, directory }, selected: requireSources(found, 'ADD'), isContext: true });
  } finally {
    closeSync(root);
  }
}

async function withDocument(
  { sites, dataRoot }: WorkshopParts,
  document: { name: string; content: string },
  work: (source: CopySource) => Promise<Tree>,
): Promise<Tree> {
  const directory = path.join(dataRoot, 'build', 'contexts', randomUUID());
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const root = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  try {
    writeDocuments(directory, [document]);
    const found = await sites.files.select({ root, sources: [document.name], ignore: [], exclude: [] });
    return await work({ from: { root, directory }, selected: requireSources(found, 'COPY'), isContext: true });
  } finally {
    closeSync(root);
    await rm(directory, { recursive: true, force: true });
  }
}
