import type { Limit } from '../../base/limit.ts';
import type { Log } from '../../base/log.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Transport } from '../../registry/transport/transport.ts';
import type { Records } from '../../storage/records/records.ts';
import type { BuildImages, ImagePlatform, ImageService } from '../images/image-service.ts';
import type { BuildCache } from './build-cache.ts';
import type { ContextParts } from './build-context.ts';
import type { BuildGrant, BuildMessage, BuildRequest } from './build-service.ts';
import type { CacheMounts } from './cache-mounts.ts';
import type { CacheRules } from './cache-rules.ts';
import type { Downloads } from './downloads.ts';
import type { FailedSteps } from './failed-steps.ts';
import type { LocalSources } from './local-sources.ts';
import type { RemoteFiles } from './remote-files.ts';
import type { ExecDependencies } from './run-exec.ts';
import type { StepMarks } from './step-marks.ts';
import type { SiteDependencies } from './work-site.ts';

export interface BuildDependencies {
  records: Records;
  events: EventBus;
  cache: BuildCache;
  images: Pick<ImageService, 'pull' | 'push' | 'list' | 'lookUp' | 'remove'> & { forBuilds: BuildImages };
  sites: SiteDependencies;
  exec: ExecDependencies;
  dataRoot: string;
  /** This machine's. */
  platform: ImagePlatform;
  /** Steps that may run at once, of all builds. */
  parallel: number;
  /** What clients may grant. */
  grants: readonly BuildGrant[];
  /** With the engine's proxies and certificates. */
  transport: Transport;
  /** As they are set now. */
  cacheRules(): CacheRules;
  log: Log;
}

/** One build. */
export interface BuildRun extends BuildDependencies {
  limit: Limit;
  marks: StepMarks;
  cacheMounts: CacheMounts;
  downloads: Downloads;
  localSources: LocalSources;
  failedSteps: FailedSteps;
  /** Told what this build has of the cache. */
  using(key: string): void;
  request: BuildRequest;
  signal: AbortSignal;
  report(message: BuildMessage): void;
}

/** One whose context is open. */
export interface OpenedRun extends BuildRun {
  remote: RemoteFiles;
  parts: ContextParts;
}
