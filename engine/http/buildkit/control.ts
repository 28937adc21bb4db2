import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { BuildService, CacheRecord } from '../../services/build/build-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import { notThereYet } from '../not-there-yet.ts';
import { bytesDuplex } from './bytes-duplex.ts';
import { exporterResponse } from './exporter-response.ts';
import * as control from './generated/control_pb.ts';
import { connectGrpc } from './grpc-client.ts';
import { begin, finish, type GrpcMethods, streaming, unary } from './grpc-server.ts';
import type { PendingBuilds } from './pending-builds.ts';
import { cacheFilterOf } from './prune-request.ts';
import type { Sessions } from './sessions.ts';
import { workerOf } from './worker.ts';

export interface ControlParts {
  builds: BuildService;
  system: Pick<SystemService, 'facts'>;
  sessions: Sessions;
  pending: PendingBuilds;
  /** Solves what a request says by itself, without the client's driving. */
  solveFrontend(ref: string, request: control.SolveRequest, signal: AbortSignal): Promise<void>;
}

const service = '/moby.buildkit.v1.Control/';

/** BuildKit's control service (moby/buildkit: api/services/control), what its clients ask of it. */
export function controlMethods(parts: ControlParts): GrpcMethods {
  const { builds, system, sessions, pending } = parts;
  const worker = () => workerOf(system.facts());
  return {
    [`${service}ListWorkers`]: unary(control.ListWorkersRequestSchema, control.ListWorkersResponseSchema, () => ({
      record: [worker()],
    })),
    [`${service}Info`]: unary(control.InfoRequestSchema, control.InfoResponseSchema, () => ({
      buildkitVersion: worker().BuildkitVersion,
    })),
    [`${service}Solve`]: unary(control.SolveRequestSchema, control.SolveResponseSchema, (request, { signal }) =>
      solve(parts, request, signal),
    ),
    [`${service}Status`]: streaming(control.StatusRequestSchema, control.StatusResponseSchema, ({ Ref }, { signal }) =>
      pending.get(Ref).progress.events(signal),
    ),
    [`${service}DiskUsage`]: unary(control.DiskUsageRequestSchema, control.DiskUsageResponseSchema, async () => ({
      record: (await builds.cache()).map(usageOf),
    })),
    [`${service}Prune`]: streaming(control.PruneRequestSchema, control.UsageRecordSchema, async function* (request) {
      const before = await builds.cache();
      const { ids } = await builds.prune(cacheFilterOf(request));
      yield* before.filter(({ id }) => ids.includes(id)).map(usageOf);
    }),
    [`${service}ListenBuildHistory`]: streaming(
      control.BuildHistoryRequestSchema,
      control.BuildHistoryEventSchema,
      // there is none to be told of; a client that looks for its own build goes on without
      async function* (): AsyncGenerator<MessageInitShape<typeof control.BuildHistoryEventSchema>> {},
    ),
    [`${service}Session`]: {
      take(stream, headers) {
        begin(stream);
        sessions.add(headers, connectGrpc(bytesDuplex(stream, { onEnd: () => finish(stream) })));
      },
    },
  };
}

async function solve({ pending, solveFrontend }: ControlParts, request: control.SolveRequest, signal: AbortSignal) {
  const { Ref, Frontend, Definition } = request;
  const build = pending.get(Ref);
  const left = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('context canceled')), { once: true }),
  );
  // of a build that has failed before nobody waits for it
  left.catch(() => {});
  try {
    if (Definition.length > 0) throw notThereYet("solving a graph of the client's own");
    build.begin(request, signal);
    await (Frontend === '' ? Promise.race([build.returned, left]) : solveFrontend(Ref, request, signal));
    const { image } = build;
    return { ExporterResponse: image ? exporterResponse(request, image) : {} };
  } catch (error) {
    build.begin(request, AbortSignal.abort());
    throw error;
  } finally {
    build.progress.end();
    pending.finished(Ref);
  }
}

function usageOf(record: CacheRecord) {
  const { id, type, parent, description, size, created, lastUsed, uses, inUse, shared } = record;
  return {
    ...{ ID: id, Size: BigInt(size), Description: description, RecordType: type },
    ...{ InUse: inUse, Shared: shared, Mutable: type === 'exec.cachemount' },
    ...{ CreatedAt: timestampFromDate(created), LastUsedAt: timestampFromDate(lastUsed), UsageCount: BigInt(uses) },
    Parents: parent === undefined ? [] : [parent],
  };
}
