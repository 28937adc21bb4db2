import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { BuildService } from '../../services/build/build-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import { bridgeMethods, solveDockerfile } from './bridge.ts';
import { controlMethods } from './control.ts';
import { connectGrpc } from './grpc-client.ts';
import { serveGrpc } from './grpc-server.ts';
import { createPendingBuilds } from './pending-builds.ts';
import { createSessions } from './sessions.ts';
import { createTracedBuilds, type TracedBuilds } from './traced-build.ts';

export interface BuildKitParts {
  builds: BuildService;
  system: Pick<SystemService, 'facts'>;
}

/** The door for clients that speak BuildKit's protocol. Connections are such as have left HTTP/1. */
export interface BuildKit {
  /** The client calls us. */
  serve(socket: Socket): void;
  /** We call the client. */
  addSession(headers: IncomingHttpHeaders, socket: Socket): void;
  /** Builds that are asked for by HTTP/1. */
  readonly traced: TracedBuilds;
}

export function createBuildKit({ builds, system }: BuildKitParts): BuildKit {
  const sessions = createSessions();
  const pending = createPendingBuilds();
  const parts = { builds, system, sessions, pending };
  const methods = {
    ...bridgeMethods(parts),
    ...controlMethods({
      ...parts,
      solveFrontend: (ref, asked, signal) => {
        const { Frontend: frontend, FrontendAttrs: options } = asked;
        return solveDockerfile(parts, { build: pending.get(ref), asked, frontend, options, signal });
      },
    }),
  };
  return {
    serve: (socket) => serveGrpc(socket, methods),
    addSession: (headers, socket) => sessions.add(headers, connectGrpc(socket)),
    traced: createTracedBuilds(parts),
  };
}
