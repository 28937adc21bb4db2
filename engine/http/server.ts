import { chmod, chown, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { EngineError, toEngineError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { BuildService } from '../services/build/build-service.ts';
import type { BuildRunService } from '../services/build-runs/build-run-service.ts';
import type { ContainerFiles, ContainerPruner } from '../services/containers/container-files-service.ts';
import type { ContainerService } from '../services/containers/container-service.ts';
import type { ExecService } from '../services/exec/exec-service.ts';
import type { ImageService } from '../services/images/image-service.ts';
import type { NetworkService } from '../services/networks/network-service.ts';
import type { PortService } from '../services/networks/port-service.ts';
import type { RegistryService } from '../services/registries/registry-service.ts';
import type { EngineMetrics } from '../services/system/metrics-service.ts';
import type { SystemService } from '../services/system/system-service.ts';
import type { TransferService } from '../services/transfers/transfer-service.ts';
import type { VolumeService } from '../services/volumes/volume-service.ts';
import { formatVersion, maximumApiVersion } from './api-version.ts';
import type { BelugaReloaded, ErrorBody } from './extension-types.ts';
import { part } from './hijack.ts';
import { logRequest } from './request-log.ts';
import { type Exchange, sendJson } from './route.ts';
import { createRouter, type Match, type Router } from './router.ts';
import { absentRoutes } from './routes/absent.ts';
import { buildRoutes } from './routes/build.ts';
import { buildRunRoutes } from './routes/build-runs.ts';
import { buildKitRoutes, lateBuildKit } from './routes/buildkit.ts';
import { containerFileRoutes } from './routes/container-files.ts';
import { containerStreamRoutes } from './routes/container-streams.ts';
import { containerRoutes } from './routes/containers.ts';
import { eventRoutes } from './routes/events.ts';
import { execRoutes } from './routes/exec.ts';
import { imageArchiveRoutes } from './routes/image-archives.ts';
import { imageSpaceRoutes } from './routes/image-space.ts';
import { imageRoutes } from './routes/images.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { networkRoutes } from './routes/networks.ts';
import { portRoutes } from './routes/ports.ts';
import { registryRoutes } from './routes/registries.ts';
import { registrySettingsRoutes } from './routes/registry-settings.ts';
import { reloadRoutes } from './routes/reload.ts';
import { runningContainerRoutes } from './routes/running-containers.ts';
import { searchRoutes } from './routes/search.ts';
import { systemRoutes } from './routes/system.ts';
import { transferRoutes } from './routes/transfers.ts';
import { unavailableRoutes } from './routes/unavailable.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { statusOf, tooLarge } from './status.ts';

export interface DockerApiDependencies {
  containers: ContainerService;
  files: ContainerFiles;
  pruneContainers: ContainerPruner;
  images: ImageService;
  execs: ExecService;
  networks: NetworkService;
  ports: PortService;
  registries: RegistryService;
  system: SystemService;
  transfers: TransferService;
  volumes: VolumeService;
  builds: BuildService;
  buildRuns: BuildRunService;
  events: EventBus;
  metrics: EngineMetrics;
  /** Reads the configuration file again. */
  reload(): Promise<BelugaReloaded>;
  log: Pick<Log, 'debug' | 'error'>;
}

export interface SocketAddress {
  /** Absolute path of the unix socket; one that is left over is replaced. */
  path: string;
  /** Permissions; 0o660 when absent. */
  mode?: number;
  /** User the socket is given to. */
  owner?: number;
}

/** The Docker Engine API on unix sockets. */
export interface DockerApi {
  /** @throws EngineError `conflict` when somebody answers there already. */
  listen(address: SocketAddress): Promise<void>;
  /** Ends every connection, also those that stream. */
  close(): Promise<void>;
}

/** Composes the route tables over the services. */
export function createDockerApi(dependencies: DockerApiDependencies): DockerApi {
  const { system } = dependencies;
  const buildKit = lateBuildKit(dependencies);
  const router = createRouter([
    ...systemRoutes(dependencies),
    ...containerRoutes(dependencies),
    ...containerStreamRoutes(dependencies),
    ...containerFileRoutes(dependencies),
    ...runningContainerRoutes(dependencies),
    ...execRoutes(dependencies),
    ...imageRoutes(dependencies),
    ...imageArchiveRoutes(dependencies),
    ...imageSpaceRoutes(dependencies),
    ...eventRoutes(dependencies),
    ...networkRoutes(dependencies),
    ...portRoutes(dependencies),
    ...registryRoutes(dependencies),
    ...registrySettingsRoutes(dependencies),
    ...searchRoutes(dependencies),
    ...transferRoutes(dependencies),
    ...volumeRoutes(dependencies),
    ...buildRoutes({ ...dependencies, buildKit }),
    ...buildKitRoutes(buildKit),
    ...buildRunRoutes(dependencies),
    ...metricsRoutes(dependencies),
    ...reloadRoutes(dependencies),
    ...absentRoutes,
    ...unavailableRoutes,
  ]);
  const serverName = `Beluga/${system.facts().version} (linux)`;
  const open: { server: http.Server; sockets: Set<net.Socket>; path: string }[] = [];

  const close = async () => {
    for (const { server, sockets, path } of open.splice(0)) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await rm(path, { force: true });
    }
  };
  return {
    async listen({ path, mode = 0o660, owner }) {
      await removeLeftOver(path);
      const server = createServer(router, serverName, dependencies);
      const sockets = new Set<net.Socket>();
      server.on('connection', (socket: net.Socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      await bind(server, path);
      open.push({ server, sockets, path });
      await chmod(path, mode);
      if (owner !== undefined) await chown(path, owner, -1);
    },
    close,
  };
}

/** Nobody but root sees the socket before it has its mode and owner: it is born 0600. */
async function bind(server: http.Server, path: string): Promise<void> {
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
      // the socket is bound synchronously: the process is not left with this umask while it waits
      process.umask(umask);
    });
  } finally {
    process.umask(umask);
  }
}

/** @throws EngineError `conflict` when an engine answers at `path`. */
async function removeLeftOver(path: string): Promise<void> {
  const alive = await new Promise<boolean>((resolve) => {
    const probe = net.connect(path);
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
  if (alive) {
    throw new EngineError(
      'conflict',
      `another engine answers on ${path}: stop it or choose another socket with --host`,
    );
  }
  await rm(path, { force: true });
}

function createServer(
  router: Router,
  serverName: string,
  { log, metrics }: Pick<DockerApiDependencies, 'log' | 'metrics'>,
): http.Server {
  const answer = async (exchange: Omit<Exchange, 'params' | 'query' | 'version'>) => {
    const { request, response } = exchange;
    const began = Date.now();
    response.setHeader('Api-Version', formatVersion(maximumApiVersion));
    response.setHeader('Docker-Experimental', 'false');
    response.setHeader('Ostype', 'linux');
    response.setHeader('Server', serverName);
    try {
      const { route, ...match } = router.find(request.method ?? 'GET', request.url ?? '/');
      await route.handler({ ...exchange, ...match });
    } catch (error) {
      const failure = toEngineError(error);
      log[failure.code === 'internal' ? 'error' : 'debug']('request failed', {
        method: request.method,
        url: request.url?.slice(0, 300),
        code: failure.code,
        message: failure.message,
        ...(failure.code === 'internal' && {
          stack: failure.cause instanceof Error ? failure.cause.stack : failure.stack,
        }),
      });
      sendError({ ...exchange, params: {}, query: new URLSearchParams(), version: maximumApiVersion }, failure);
    }
    metrics.answered(exchange.upgrade && !response.headersSent ? 101 : response.statusCode);
    logRequest(log, exchange, began);
  };
  const server = http.createServer(
    {
      // a load may last: no limit on the body; headers as large as Go's limit, for long filters
      requestTimeout: 0,
      keepAliveTimeout: 0,
      maxHeaderSize: 1024 * 1024,
      shouldUpgradeCallback: (request) => hijacks(router, request),
    },
    (request, response) => void answer({ request, response, upgrade: undefined }),
  );
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new http.ServerResponse(request);
    response.shouldKeepAlive = false;
    try {
      response.assignSocket(socket as net.Socket);
    } catch {
      // an earlier request of this connection has no answer yet: one that is sent behind it cannot take the connection over
      socket.destroy();
      return;
    }
    response.once('finish', () => part(socket.resume() as net.Socket));
    socket.on('error', () => socket.destroy());
    void answer({ request, response, upgrade: { socket: socket as net.Socket, head } });
  });
  return server;
}

function hijacks(router: Router, request: http.IncomingMessage): boolean {
  let match: Match;
  try {
    match = router.find(request.method ?? 'GET', request.url ?? '/');
  } catch {
    return false;
  }
  return match.route.hijacks === true;
}

/** Docker's error body, and what the app translates by. What has begun to stream can only be cut off. */
function sendError(exchange: Exchange, error: EngineError): void {
  const { response } = exchange;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = error.reason === 'request.too-large' ? tooLarge : statusOf[error.code];
  if (status === statusOf['not-modified']) {
    response.writeHead(status).end();
    return;
  }
  const body: ErrorBody = {
    message: error.message,
    code: error.code,
    ...(error.reason && { reason: error.reason }),
    ...(Object.keys(error.params).length > 0 && { params: error.params }),
  };
  if (status === tooLarge) response.setHeader('Connection', 'close');
  sendJson(exchange, status, body);
}
