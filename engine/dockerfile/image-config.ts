import type { HealthCheck } from '../base/health-config.ts';

/** What an image says of the containers made from it (OCI image spec, config.md). */
export interface ImageConfig {
  user?: string;
  /** `NAME=value`. */
  environment: readonly string[];
  entrypoint?: readonly string[];
  command?: readonly string[];
  workingDirectory?: string;
  labels: Readonly<Record<string, string>>;
  /** `80/tcp`. */
  exposedPorts: readonly string[];
  volumes: readonly string[];
  stopSignal?: string;
  shell?: readonly string[];
  healthCheck?: HealthCheck;
  /** Instructions for images that are built on this one. */
  onBuild?: readonly string[];
}

export const emptyConfig: ImageConfig = { environment: [], labels: {}, exposedPorts: [], volumes: [] };

/** Values by name; the last one of a name counts. */
export const environmentOf = ({ environment }: Pick<ImageConfig, 'environment'>): ReadonlyMap<string, string> =>
  new Map(
    environment.map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
