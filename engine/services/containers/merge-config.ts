import { posix } from 'node:path';
import { EngineError } from '../../base/errors.ts';
import type { ImageConfig } from '../images/image-service.ts';
import type { ContainerConfig } from './container-service.ts';
import { checkHealthCheck, mergeHealthCheck } from './health-check.ts';
import { signalNumber } from './signals.ts';

export interface MergedConfig {
  config: ContainerConfig;
  path: string;
  args: readonly string[];
}

/** Docker's words. */
export const noCommand = () => new EngineError('invalid', 'no command specified', { reason: 'container.no-command' });

/**
 * Joins what is asked with what the image says, by Docker's rules: what is asked wins, environment, labels, ports and
 * volumes are united; an entrypoint of one's own drops the image's command, an empty one drops its entrypoint.
 * @throws EngineError `invalid` (`container.no-command`, bad signal, relative working directory).
 */
export function mergeConfig(asked: ContainerConfig, image: ImageConfig): MergedConfig {
  const { entrypoint, command } = mergeCommand(asked, image);
  const config: ContainerConfig = {
    ...asked,
    environment: mergeEnvironment(asked.environment, image.environment),
    labels: { ...image.labels, ...asked.labels },
    exposedPorts: union(asked.exposedPorts, image.exposedPorts),
    volumes: union(asked.volumes, image.volumes),
  };
  assign(config, 'entrypoint', entrypoint);
  assign(config, 'command', command);
  assign(config, 'user', asked.user || image.user || undefined);
  assign(config, 'workingDirectory', asked.workingDirectory || image.workingDirectory || undefined);
  assign(config, 'stopSignal', asked.stopSignal || image.stopSignal || undefined);
  if (config.stopSignal !== undefined) signalNumber(config.stopSignal);
  checkHealthCheck(asked.healthCheck);
  assign(config, 'healthCheck', mergeHealthCheck(asked.healthCheck, image.healthCheck));
  const directory = config.workingDirectory;
  if (directory?.startsWith('/')) config.workingDirectory = posix.resolve(directory);
  else if (directory !== undefined) {
    throw new EngineError(
      'invalid',
      `the working directory '${directory}' is invalid, it needs to be an absolute path`,
    );
  }
  const [path, ...args] = [...(entrypoint ?? []), ...(command ?? [])];
  if (path === undefined) throw noCommand();
  return { config, path, args };
}

function assign<K extends keyof ContainerConfig>(config: ContainerConfig, key: K, value: ContainerConfig[K]): void {
  if (value === undefined) delete config[key];
  else config[key] = value;
}

function mergeCommand(asked: ContainerConfig, image: ImageConfig) {
  let { entrypoint, command } = asked;
  const none = (list?: readonly string[]) => list === undefined || list.length === 0;
  if (none(entrypoint)) {
    if (none(command)) command = image.command;
    if (entrypoint === undefined) entrypoint = image.entrypoint;
  }
  // `--entrypoint ""` arrives as one empty word: no entrypoint, and not the image's command either.
  if (entrypoint?.length === 1 && entrypoint[0] === '') entrypoint = undefined;
  return { entrypoint, command: none(command) ? undefined : command };
}

const keyOf = (variable: string) => variable.split('=', 1)[0] ?? '';

function mergeEnvironment(asked: readonly string[], image: readonly string[]): string[] {
  const given = new Set(asked.map(keyOf));
  return [...asked, ...image.filter((variable) => !given.has(keyOf(variable)))];
}

const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])];

/** The environment of the first process: the last of several wins, and a name without `=` takes the variable away. */
export function processEnvironment(config: ContainerConfig): string[] {
  const variables = new Map<string, string>();
  for (const variable of config.environment) {
    const key = keyOf(variable);
    if (variable.includes('=')) variables.set(key, variable);
    else variables.delete(key);
  }
  return [...variables.values()];
}
