import { type Digest, isDigest } from '../../base/digest.ts';
import { healthConfigJson, parseHealthConfig } from '../../base/health-config.ts';
import type { ImageConfig, ImageDetails } from './image-service.ts';
import { isObject, notAnImage, textsOf } from './manifest.ts';

/** What an image's config says (OCI image spec, config.md), without what the engine adds. */
export type ConfigDetails = Pick<
  ImageDetails,
  'comment' | 'author' | 'created' | 'architecture' | 'variant' | 'os' | 'config' | 'diffIds'
> & { parent?: Digest; history: readonly HistoryEntry[] };

export interface HistoryEntry {
  created?: string;
  createdBy?: string;
  comment?: string;
  emptyLayer?: boolean;
}

/** @throws EngineError `invalid` with reason `image.not-an-image`. */
export function parseImageConfig(value: unknown, what: string): ConfigDetails {
  if (!isObject(value) || !isObject(value.rootfs)) throw notAnImage(`${what} is not the config of a container image`);
  const diffIds = value.rootfs.diff_ids ?? [];
  if (value.rootfs.type !== 'layers' || !isDigestList(diffIds)) throw notAnImage(`${what} has a bad list of layers`);
  const texts = textsOf(value);
  return {
    comment: texts.comment ?? '',
    author: texts.author ?? '',
    architecture: texts.architecture ?? '',
    os: texts.os ?? 'linux',
    ...(texts.created && { created: texts.created }),
    ...(texts.variant && { variant: texts.variant }),
    config: parseContainerConfig(value.config),
    diffIds,
    history: Array.isArray(value.history) ? value.history.filter(isObject).map(historyEntry) : [],
  };
}

const isDigestList = (value: unknown): value is Digest[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' && isDigest(entry));

function historyEntry(value: Readonly<Record<string, unknown>>): HistoryEntry {
  const texts = textsOf(value);
  return {
    ...(texts.created && { created: texts.created }),
    ...(texts.created_by && { createdBy: texts.created_by }),
    ...(texts.comment && { comment: texts.comment }),
    ...(value.empty_layer === true && { emptyLayer: true }),
  };
}

function parseContainerConfig(value: unknown): ImageConfig {
  const config = isObject(value) ? value : {};
  const texts = textsOf(config);
  const lists = (key: string) => {
    const list = config[key];
    return Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : undefined;
  };
  const keys = (key: string) => (isObject(config[key]) ? Object.keys(config[key]) : []);
  const entrypoint = lists('Entrypoint');
  const command = lists('Cmd');
  const shell = lists('Shell');
  const onBuild = lists('OnBuild');
  const healthCheck = parseHealthConfig(config.Healthcheck);
  return {
    environment: lists('Env') ?? [],
    labels: textsOf(config.Labels),
    exposedPorts: keys('ExposedPorts'),
    volumes: keys('Volumes'),
    ...(texts.User && { user: texts.User }),
    ...(texts.WorkingDir && { workingDirectory: texts.WorkingDir }),
    ...(texts.StopSignal && { stopSignal: texts.StopSignal }),
    ...(entrypoint && { entrypoint }),
    ...(command && { command }),
    ...(shell && { shell }),
    ...(onBuild?.length && { onBuild }),
    ...(healthCheck && { healthCheck }),
  };
}

/** Docker's spelling of an image's container config, as it stands in the config blob. */
export function containerConfigJson(config: ImageConfig): Record<string, unknown> {
  const set = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]));
  return {
    ...(config.user && { User: config.user }),
    ...(config.exposedPorts.length > 0 && { ExposedPorts: set(config.exposedPorts) }),
    ...(config.environment.length > 0 && { Env: config.environment }),
    ...(config.entrypoint && { Entrypoint: config.entrypoint }),
    ...(config.command && { Cmd: config.command }),
    ...(config.volumes.length > 0 && { Volumes: set(config.volumes) }),
    ...(config.workingDirectory && { WorkingDir: config.workingDirectory }),
    ...(Object.keys(config.labels).length > 0 && { Labels: config.labels }),
    ...(config.stopSignal && { StopSignal: config.stopSignal }),
    ...(config.shell && { Shell: config.shell }),
    ...(config.healthCheck && { Healthcheck: healthConfigJson(config.healthCheck) }),
    ...(config.onBuild && { OnBuild: config.onBuild }),
  };
}
