import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, toEngineError } from '../../base/errors.ts';
import { openPathOnly } from '../../base/libc.ts';
import { readFileInRoot } from '../../base/libc-open-beneath.ts';
import { patternLines } from '../../base/path-patterns.ts';
import { spreadDirectories } from '../../base/spread-directories.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import type { BuildRequest, ClientFiles, ClientFolder, RemoteContext } from './build-service.ts';
import type { LocalSource } from './local-sources.ts';
import type { RemoteFiles } from './remote-files.ts';
import { openSentFiles } from './sent-files.ts';

/** Files of a client, in a folder of their own. */
export interface ContextFolder {
  readonly directory: string;
  /** The same, open. */
  readonly root: number;
  /** Patterns of what counts as not sent. */
  readonly ignore: readonly string[];
  close(): Promise<void>;
}

/** The files that a client has sent. */
export interface BuildContext extends ContextFolder {
  readonly dockerfile: string;
  /** Brings what is needed; what came as an archive is there. `paths` absent: all. */
  fill(paths?: readonly string[]): Promise<void>;
}

export interface ContextParts {
  dataRoot: string;
  files: RootFiles;
  remote: Pick<RemoteFiles, 'bring'>;
  /** A folder that is kept for what a client sends, by the name of the folder there; undefined: none is kept. */
  keptFor?(name: string): LocalSource | undefined;
}

const longestFile = 16 << 20;
const usualName = 'Dockerfile';

export const contexts = (dataRoot: string) => path.join(dataRoot, 'build', 'contexts');

/** Removes what an engine that was killed has left, and makes the folder for more. */
export async function clearContexts(dataRoot: string): Promise<void> {
  const directory = contexts(dataRoot);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  spreadDirectories(directory);
}

/**
 * Makes a folder for a context and finds its Dockerfile and ignore file; an archive is unpacked, a client is asked for the two.
 * @throws EngineError `invalid` for an archive that is none, and where there is no Dockerfile
 */
export async function openContext(
  { dataRoot, files, remote, keptFor }: ContextParts,
  { context, dockerfile: given, buildArguments }: Pick<BuildRequest, 'context' | 'dockerfile' | 'buildArguments'>,
): Promise<BuildContext> {
  const isClient = 'ignoreFile' in context;
  const folder = await makeFolder(dataRoot, isClient ? keptFor?.('context') : undefined);
  const { directory, root, close } = folder;
  const unpack = (archive: AsyncIterable<Uint8Array>) =>
    files.extract({ root, destination: '/', keepKinds: false }, archive);
  try {
    const name = path.posix.relative('/', path.posix.resolve('/', given || usualName));
    if (isClient)
      return { directory, root, ...(await askClient(context, name, bringer(files, folder, context))), close };
    if ('address' in context) {
      const keepsGit = buildArguments.BUILDKIT_CONTEXT_KEEP_GIT_DIR === '1';
      await remote.bring(context.address, { directory, root, dockerfile: name, keepsGit });
    } else await unpack(context);
    const dockerfile = dockerfileIn(directory, name);
    return { directory, root, dockerfile, ignore: ignoredIn(directory, name), fill: async () => {}, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeFolder(dataRoot: string, kept?: LocalSource): Promise<Omit<ContextFolder, 'ignore'>> {
  if (kept) return openKept(kept);
  const directory = path.join(contexts(dataRoot), randomUUID());
  // as COPY . shows it
  await mkdir(directory, { mode: 0o755 });
  const root = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  const close = async () => {
    closeSync(root);
    await rm(directory, { recursive: true, force: true });
  };
  return { directory, root, close };
}

function openKept({ directory, close }: LocalSource): Omit<ContextFolder, 'ignore'> {
  const root = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  return {
    ...{ directory, root },
    async close() {
      closeSync(root);
      close();
    },
  };
}

type Asking = Omit<Parameters<ClientFolder['files']>[0], 'known'>;

/** Brings what a client has and the folder has not, and takes away what the client has not. */
function bringer(
  files: RootFiles,
  { directory, root }: Pick<ContextFolder, 'directory' | 'root'>,
  client: ClientFolder,
) {
  return async (asking: Asking): Promise<void> => {
    const known = openSentFiles(root, directory);
    try {
      await files.extract({ root, destination: '/', keepKinds: false }, client.files({ ...asking, known }));
      await known.sweep();
    } finally {
      known.close();
    }
  };
}

/** A folder besides the context, whole. */
export async function openFolder(
  { dataRoot, files, remote, keptFor }: ContextParts,
  from: { files: ClientFolder } | RemoteContext,
  name: string,
): Promise<ContextFolder> {
  const folder = await makeFolder(dataRoot, 'address' in from ? undefined : keptFor?.(name));
  try {
    if ('address' in from) {
      await remote.bring(from.address, { ...folder, dockerfile: usualName, keepsGit: false });
      return { ...folder, ignore: [] };
    }
    const client = from.files;
    const ignore = patternLines((await client.ignoreFile()) ?? '');
    await bringer(files, folder, client)({ ignore });
    return { ...folder, ignore };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function askClient(
  client: ClientFiles,
  name: string,
  bring: (asking: Asking) => Promise<void>,
): Promise<Pick<BuildContext, 'dockerfile' | 'ignore' | 'fill'>> {
  const { text, ignore: own } = await client.dockerfile(name);
  if (text === undefined) throw dockerfileMissing(name);
  const ignore = patternLines(own ?? (await client.ignoreFile()) ?? '');
  return { dockerfile: text, ignore, fill: (paths) => bring({ ignore, ...(paths && { paths }) }) };
}

function dockerfileIn(directory: string, name: string): string {
  const text = read(directory, name) ?? (name === usualName ? read(directory, 'dockerfile') : undefined);
  if (text !== undefined) return text;
  throw dockerfileMissing(name);
}

const dockerfileMissing = (name: string) =>
  new EngineError('invalid', `Cannot locate specified Dockerfile: ${name}`, {
    reason: 'build.dockerfile-missing',
    params: { file: name },
  });

/** The Dockerfile's own list goes before the context's (Docker reference, ".dockerignore files"). */
const ignoredIn = (directory: string, dockerfile: string) =>
  patternLines(read(directory, `${dockerfile}.dockerignore`) ?? read(directory, '.dockerignore') ?? '');

function read(directory: string, name: string): string | undefined {
  try {
    return readFileInRoot(directory, name, longestFile);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw toEngineError(error);
  }
}
