import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { createTarParser } from '../../base/tar-parser.ts';
import type { ClientFiles } from '../../services/build/build-service.ts';
import { clientTar, type FileRequest } from './file-sync.ts';
import type { Progress } from './progress.ts';
import type { Session } from './sessions.ts';

/** A folder of a client: on which session, and what it is called there. */
export interface ClientFolder {
  session: Session;
  folder: string;
}

export interface SessionFilesParts {
  context: ClientFolder;
  dockerfile: ClientFolder;
  progress: Progress;
  signal: AbortSignal;
  /** Is told the Dockerfile, of which an error may show a part. */
  read(file: DockerfileSource): void;
}

export interface DockerfileSource {
  name: string;
  text: string;
}

/** Longest Dockerfile or ignore file, in bytes. */
const longest = 16 << 20;

/** A context that a client sends on its session. */
export function sessionFiles({ context, dockerfile, progress, signal, read }: SessionFilesParts): ClientFiles {
  const transfer = (
    from: ClientFolder,
    request: Omit<FileRequest, 'folder'>,
    [name, what]: readonly [string, string],
  ) => transferring({ from, request, name, what, progress, signal });
  return {
    async dockerfile(name) {
      const usual = name === 'Dockerfile' ? ['dockerfile'] : [];
      const follow = [name, `${name}.dockerignore`, ...usual];
      const words = [`[internal] load build definition from ${name}`, 'transferring dockerfile:'] as const;
      const files = await filesOf(transfer(dockerfile, { follow }, words));
      const text = files(name) ?? files(usual[0] ?? name);
      if (text !== undefined) read({ name, text });
      const ignore = files(`${name}.dockerignore`);
      return { ...(text !== undefined && { text }), ...(ignore !== undefined && { ignore }) };
    },
    async ignoreFile() {
      const words = ['[internal] load .dockerignore', 'transferring context:'] as const;
      return (await filesOf(transfer(context, { follow: ['.dockerignore'] }, words)))('.dockerignore');
    },
    files: ({ ignore, paths, known }) => {
      const request = { exclude: ignore, ...(paths && { follow: paths }), ...(known && { known }) };
      return transfer(context, request, ['[internal] load build context', 'transferring context:']);
    },
  };
}

interface Transferring {
  from: ClientFolder;
  request: Omit<FileRequest, 'folder'>;
  name: string;
  what: string;
  progress: Progress;
  signal: AbortSignal;
}

/** Bytes between two lines of progress. */
const step = 1 << 20;

async function* transferring({
  from,
  request,
  name,
  what,
  progress,
  signal,
}: Transferring): AsyncGenerator<Uint8Array> {
  const vertex = progress.begin(name);
  let came = 0;
  let told = 0;
  const heard = (bytes: number) => {
    came += bytes;
    if (came - told < step && told > 0) return;
    told = came;
    vertex.status(what, { current: came });
  };
  try {
    yield* clientTar(from.session, { ...request, folder: from.folder }, { signal, heard });
    vertex.status(what, { current: came, isDone: true });
    vertex.done();
  } catch (error) {
    vertex.done({ error });
    throw error;
  }
}

/** A folder of a client besides the context. */
export function namedFiles(
  from: ClientFolder,
  { name, progress, signal }: { name: string; progress: Progress; signal: AbortSignal },
): Pick<ClientFiles, 'ignoreFile' | 'files'> {
  const transfer = (request: Omit<FileRequest, 'folder'>, words: string) =>
    transferring({
      from,
      request,
      name: `[context ${name}] ${words}`,
      what: 'transferring context:',
      progress,
      signal,
    });
  return {
    ignoreFile: async () =>
      (await filesOf(transfer({ follow: ['.dockerignore'] }, 'load .dockerignore')))('.dockerignore'),
    files: ({ ignore, known }) => transfer({ exclude: ignore, ...(known && { known }) }, 'load from client'),
  };
}

/** The files of an archive by their names, symlinks between them followed. */
async function filesOf(archive: AsyncIterable<Uint8Array>): Promise<(name: string) => string | undefined> {
  const contents = new Map<string, Buffer[]>();
  const links = new Map<string, string>();
  let current: Buffer[] = [];
  const parser = createTarParser({
    entry({ name, type, link, size }) {
      if (size > longest) throw new EngineError('invalid', `${name} is too long: ${size} bytes`);
      current = [];
      if (type === 'file') contents.set(name, current);
      if (type === 'symlink') links.set(name, path.posix.join('/', path.posix.dirname(name), link).slice(1));
      if (type === 'hardlink') contents.set(name, contents.get(link) ?? []);
    },
    data: (chunk) => void current.push(Buffer.from(chunk)),
    end: () => {},
  });
  for await (const piece of archive) parser.push(piece);
  parser.finish();
  return (name) => {
    let found = Buffer.from(name).toString('latin1');
    for (let hops = 0; hops < 8 && links.has(found); hops++) found = links.get(found) ?? found;
    const parts = contents.get(found);
    return parts && Buffer.concat(parts).toString('utf8');
  };
}
