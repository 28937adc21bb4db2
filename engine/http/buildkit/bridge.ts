import { toBinary } from '@bufbuild/protobuf';
import type { SystemService } from '../../services/system/system-service.ts';
import { notThereYet } from '../not-there-yet.ts';
import { cacheOptionsOf } from './cache-options.ts';
import { clientBlobs } from './client-blobs.ts';
import { outputsOf } from './exporter.ts';
import { buildOptionsOf, type FrontendOptions, grantsOf } from './frontend-options.ts';
import type { SolveRequest } from './generated/control_pb.ts';
import * as gateway from './generated/gateway_pb.ts';
import { StatusSchema } from './generated/status_pb.ts';
import { type GrpcCall, type GrpcMethods, unary } from './grpc-server.ts';
import { buildFailure, failureOfStatus } from './grpc-status.ts';
import type { PendingBuild, PendingBuilds } from './pending-builds.ts';
import { lookForClient, runSolve, type SolveParts } from './run-solve.ts';
import { answerSubrequest } from './subrequests.ts';
import { workerOf } from './worker.ts';

export interface BridgeParts extends SolveParts {
  system: Pick<SystemService, 'facts'>;
  pending: PendingBuilds;
}

const service = '/moby.buildkit.v1.frontend.LLBBridge/';

/** Without `return` clients wait for ever; attestations are not among them, so that none is asked for. */
const capabilities = {
  frontend: ['solve.base', 'solve.inlinereturn', 'return', 'returnmap', 'proto.refarray', 'frontend.caps'],
  graph: ['source.local', 'source.local.sharedkeyhint', 'source.image', 'exec.meta.base', 'file.base'],
};

const listed = (names: readonly string[]) => names.map((ID) => ({ ID, Enabled: true }));

/** BuildKit's gateway (moby/buildkit: frontend/gateway), by which a client drives its build. */
export function bridgeMethods(parts: BridgeParts): GrpcMethods {
  const { system, pending } = parts;
  const buildOf = ({ headers }: GrpcCall) => pending.get(String(headers['buildkit-controlapi-buildid'] ?? ''));
  return {
    [`${service}Ping`]: unary(gateway.PingRequestSchema, gateway.PongResponseSchema, () => ({
      FrontendAPICaps: listed(capabilities.frontend),
      LLBCaps: listed(capabilities.graph),
      Workers: [workerOf(system.facts())],
    })),
    [`${service}Solve`]: unary(gateway.SolveRequestSchema, gateway.SolveResponseSchema, async (request, call) => {
      const { Frontend, FrontendOpt, Definition } = request;
      if (Definition.length > 0) throw notThereYet("solving a graph of the client's own");
      const build = buildOf(call);
      const { request: asked, signal } = await build.asked;
      if (FrontendOpt.requestid) {
        const asking = { build, asked, frontend: Frontend, options: FrontendOpt, signal };
        return { result: { metadata: await lookAtDockerfile(parts, asking) } };
      }
      await solveDockerfile(parts, {
        ...{ build, asked, frontend: Frontend, options: FrontendOpt },
        signal: AbortSignal.any([signal, call.signal]),
      });
      const id = build.image?.imageId ?? '';
      return { result: { result: { case: 'ref' as const, value: { id } } } };
    }),
    [`${service}Return`]: unary(gateway.ReturnRequestSchema, gateway.ReturnResponseSchema, ({ error }, call) => {
      buildOf(call).giveBack(error && failureOfStatus(toBinary(StatusSchema, error)));
      return {};
    }),
  };
}

interface Asked {
  build: PendingBuild;
  asked: SolveRequest;
  frontend: string;
  options: FrontendOptions;
  signal: AbortSignal;
}

function lookAtDockerfile(parts: SolveParts, { build, asked, options, signal }: Asked) {
  return answerSubrequest(options.requestid ?? '', () =>
    lookForClient(parts, {
      ...{ sessionId: asked.Session, frontend: options, progress: build.progress, signal },
      request: () => ({ ...buildOptionsOf(options), references: [] }),
    }),
  );
}

/** Builds what a request says, and keeps what was made with the build. @throws GrpcFailure */
export async function solveDockerfile(parts: SolveParts, { build, asked, frontend, options, signal }: Asked) {
  if (frontend !== 'dockerfile.v0') throw buildFailure(notThereYet(`building with another frontend (${frontend})`));
  build.image = await runSolve(parts, {
    ...{ sessionId: asked.Session, frontend: options, progress: build.progress, signal },
    request: (session) => ({
      ...buildOptionsOf(options),
      ...cacheOptionsOf(asked, {
        warn: (words) => build.progress.warn(words),
        store: (id) => clientBlobs(session, id, signal),
      }),
      grants: grantsOf(asked.Entitlements),
      references: [],
    }),
    outputs: () => outputsOf(asked),
  });
}
