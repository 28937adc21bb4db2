import type { Readable } from 'node:stream';
import { EngineError } from '../../base/errors.ts';
import type {
  BuildRequest,
  BuildService,
  BuiltResult,
  ClientFiles,
  DockerfileView,
  NamedContext,
} from '../../services/build/build-service.ts';
import { outputToClient } from './client-outputs.ts';
import { type Output, planOutputs } from './exporter.ts';
import { type BuildOptions, type FrontendOptions, isUpload, namedContextsOf } from './frontend-options.ts';
import type { BuiltImage } from './pending-builds.ts';
import type { Progress } from './progress.ts';
import { reportBuild } from './report-build.ts';
import { sessionClient } from './session-client.ts';
import { type ClientFolder, type DockerfileSource, namedFiles, sessionFiles } from './session-files.ts';
import type { Session, Sessions } from './sessions.ts';
import { failureOfBuild } from './source-error.ts';
import { pullUpload } from './upload.ts';

export interface SolveParts {
  builds: BuildService;
  sessions: Sessions;
}

export interface Solving {
  /** Of the client that is asked for what it has. */
  sessionId: string;
  /** What is to be built, and under which names. @throws EngineError for what cannot be */
  request(session: Session): Pick<BuildRequest, 'references'> & BuildOptions & Partial<Pick<BuildRequest, 'logins'>>;
  /** Where the result goes. @throws EngineError for where it cannot */
  outputs(): readonly Output[];
  /** Where its folders are. */
  frontend: FrontendOptions;
  /** The context, where it comes with a request of its own. */
  upload?: Promise<Readable>;
  progress: Progress;
  signal: AbortSignal;
}

/** Builds for a client with a session, and tells its progress. @throws GrpcFailure */
export async function runSolve(parts: SolveParts, solving: Solving): Promise<BuiltImage> {
  const { progress } = solving;
  const seen: Seen = {};
  try {
    return await solve(parts, solving, seen);
  } catch (error) {
    const failure = failureOfBuild(error, seen.source);
    progress.fail(failure.message, (name) => (seen.failedAt ? name === seen.failedAt : name.startsWith('[')));
    throw failure;
  }
}

/** What a failure is told with. */
interface Seen {
  source?: DockerfileSource;
  /** The line of progress. */
  failedAt?: string;
}

async function solve({ builds, sessions }: SolveParts, solving: Solving, seen: Seen): Promise<BuiltImage> {
  const { sessionId, progress, signal } = solving;
  // before anything fails: clients of 20.10 wait for ever when they are told of a failure while they connect
  const session = await sessions.get(sessionId, signal);
  const asked = solving.request(session);
  const plan = planOutputs(solving.outputs(), asked.platforms?.length ?? 1);
  const references = plan.names ? [...asked.references, ...plan.names] : [];
  const client = sessionClient(session, signal);
  const outputs = plan.ofClient.map((output) => outputToClient({ session, progress, signal }, output));
  const context = await contextOf(sessions, solving, (file) => {
    seen.source = file;
  });
  const contexts = await namedContexts(sessions, solving);
  const origin = session.sharedKey === '' ? {} : { origin: session.sharedKey };
  const results = { ...origin, references, outputs, withoutImage: plan.names === undefined, pushed: plan.pushed };
  const messages = builds.build({ logins: {}, ...asked, ...results, contexts, context, client });
  const leave = () => void messages.return();
  signal.addEventListener('abort', leave, { once: true });
  try {
    const built = signal.aborted
      ? undefined
      : await reportBuild(messages, progress, (name) => {
          seen.failedAt = name;
        });
    if (built === undefined) throw new EngineError('cancelled', 'the build was cancelled');
    if (built.isKept) tellImage(progress, built);
    return { ...built, isOciDigest: !built.isKept || plan.pushed.length > 0 };
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
    if ('destroy' in context) context.destroy();
  }
}

/** Reads the Dockerfile of a client, and builds nothing. @throws GrpcFailure */
export async function lookForClient(
  { builds, sessions }: SolveParts,
  solving: Omit<Solving, 'outputs' | 'upload'>,
): Promise<DockerfileView> {
  let source: DockerfileSource | undefined;
  try {
    const session = await sessions.get(solving.sessionId, solving.signal);
    const { dockerfile, target, buildArguments } = solving.request(session);
    const context = await contextOf(sessions, { ...solving, outputs: () => [] }, (file) => {
      source = file;
    });
    const asked = { ...(dockerfile !== undefined && { dockerfile }), ...(target !== undefined && { target }) };
    return await builds.look({ ...asked, buildArguments, context, client: sessionClient(session, solving.signal) });
  } catch (error) {
    throw failureOfBuild(error, source);
  }
}

function tellImage(progress: Progress, { imageId, references }: BuiltResult): void {
  const vertex = progress.begin('exporting to image');
  vertex.status(`writing image ${imageId}`, { current: 0, isDone: true });
  for (const name of references) vertex.status(`naming to ${name}`, { current: 0, isDone: true });
  vertex.done();
}

async function folderOf(
  sessions: Sessions,
  { sessionId, frontend, signal }: Solving,
  usual: string,
): Promise<ClientFolder> {
  const id = frontend[`local-sessionid:${usual}`] || sessionId;
  return { session: await sessions.get(id, signal), folder: frontend[`${usual}key`] || usual };
}

async function namedContexts(sessions: Sessions, solving: Solving): Promise<Record<string, NamedContext>> {
  const { frontend, progress, signal } = solving;
  const entries = Object.entries(namedContextsOf(frontend)).map(
    async ([name, given]): Promise<[string, NamedContext]> => {
      if (!('folder' in given)) return [name, given];
      const folder = await folderOf(sessions, solving, given.folder);
      return [name, { files: namedFiles(folder, { name, progress, signal }) }];
    },
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function contextOf(
  sessions: Sessions,
  solving: Solving,
  read: (file: DockerfileSource) => void,
): Promise<BuildRequest['context']> {
  const { sessionId, frontend, upload, progress, signal } = solving;
  if (upload) return upload;
  const { context } = frontend;
  if (context !== undefined && isUpload(context)) {
    const uploader = await sessions.get(sessionId, signal);
    return pullUpload(uploader, context, signal);
  }
  if (context) return { address: context };
  const folder = (usual: string) => folderOf(sessions, solving, usual);
  const files: ClientFiles = sessionFiles({
    ...{ context: await folder('context'), dockerfile: await folder('dockerfile'), progress, signal, read },
  });
  return files;
}
