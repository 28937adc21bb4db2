import type { BuiltResult } from '../../services/build/build-service.ts';
import type { SolveRequest } from './generated/control_pb.ts';
import { createProgress, type Progress } from './progress.ts';

/**
 * A build of a client that drives it itself: it asks for the build (`Control/Solve`), for the solve of its Dockerfile
 * (`LLBBridge/Solve`), and says that this was all (`LLBBridge/Return`), each in a call of its own.
 */
export interface PendingBuild {
  readonly progress: Progress;
  /** What was asked for; comes when the client has. */
  readonly asked: Promise<{ request: SolveRequest; signal: AbortSignal }>;
  begin(request: SolveRequest, signal: AbortSignal): void;
  /** What the solve has made. */
  image: BuiltImage | undefined;
  /** Until the client says how it ended. @throws what it has failed with */
  readonly returned: Promise<void>;
  giveBack(failure?: Error): void;
}

export interface BuiltImage extends BuiltResult {
  /** Its digest is that of its manifest, by which others ask a registry for it; else its id, as in Docker. */
  isOciDigest: boolean;
}

export interface PendingBuilds {
  /** By the client's own name for it. Calls of one build come in any order. */
  get(ref: string): PendingBuild;
  /** Is called when there is nothing more to come. Some are kept for whoever asks late how it went. */
  finished(ref: string): void;
}

const mostKept = 8;

export function createPendingBuilds(): PendingBuilds {
  const builds = new Map<string, PendingBuild>();
  const old: string[] = [];
  return {
    get(ref) {
      const build = builds.get(ref) ?? createBuild(ref);
      builds.set(ref, build);
      return build;
    },
    finished(ref) {
      old.push(ref);
      for (const each of old.splice(0, Math.max(0, old.length - mostKept))) builds.delete(each);
    },
  };
}

function createBuild(ref: string): PendingBuild {
  const asking = Promise.withResolvers<{ request: SolveRequest; signal: AbortSignal }>();
  const returning = Promise.withResolvers<void>();
  // looked at where it is waited for
  returning.promise.catch(() => {});
  return {
    progress: createProgress(ref),
    asked: asking.promise,
    begin: (request, signal) => asking.resolve({ request, signal }),
    image: undefined,
    returned: returning.promise,
    giveBack: (failure) => (failure ? returning.reject(failure) : returning.resolve()),
  };
}
