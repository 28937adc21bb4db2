import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EngineError, messageOf } from '../base/errors.ts';
import type { ConfiguredRuntime } from '../drivers/oci/configured-runtimes.ts';
import {
  type BuilderGcOptions,
  type BuildGrantOption,
  builderGcOf,
  buildGrantsOf,
  buildParallelismOf,
} from './builder-gc.ts';
import {
  type DaemonOptions,
  daemonArguments,
  daemonFlags,
  daemonKeys,
  daemonOptions,
  flaggedDaemonOptions,
  type MetricsAddress,
  metricsAddressOf,
  withSwitches,
} from './daemon-options.ts';
import { type LayerLimitOptions, layerLimitArguments, layerLimitsOf } from './layer-limits.ts';
import { type LogDefaultOptions, logDefaultArguments, logDefaultsOf } from './log-defaults.ts';
import { mirrorAddress } from './mirror-address.ts';
import { addedRuntime, runtimesOf } from './runtime-options.ts';

/** What the engine is started with; dockerd's names and daemon.json's keys where dockerd has them. */
export interface EngineOptions extends DaemonOptions {
  dataRoot: string;
  /** dockerd's `--exec-root`: state of what runs, gone after a reboot. */
  runRoot: string;
  /** `unix://PATH`; at least one. */
  hosts: readonly string[];
  pidFile: string | undefined;
  debug: boolean;
  /** The user who gets the sockets; root when absent. */
  socketOwner: number | undefined;
  /** Address and prefix of the bridge, `172.30.0.1/16`; chosen by the engine when absent. */
  bridgeAddress: string | undefined;
  /** Registries that may be asked without a trusted certificate, and in plain HTTP: names and networks. */
  insecureRegistries: readonly string[];
  /** Mirrors of docker.io, behind those of its rule. */
  registryMirrors: readonly string[];
  /** Where the metrics are told beside the socket. */
  metricsAddress: MetricsAddress | undefined;
  /** Read again at SIGHUP. */
  configFile: string | undefined;
  /** What flags say of that which can be read again: they win over the file then too. */
  flagged: Partial<ReloadableOptions>;
  /** Against layers that unpack to more than anybody wants. */
  layerLimits: LayerLimitOptions;
  /** OCI runtimes beside crun and runc. */
  runtimes: readonly ConfiguredRuntime[];
  /** Chosen by probing when absent. */
  defaultRuntime: string | undefined;
  /** Of containers that do not say how they log. */
  logDefaults: LogDefaultOptions;
  /** Whose ids containers get: `default`, or USER[:GROUP]; those of the host when absent. */
  usernsRemap: string | undefined;
  /** What is collected of the build cache; of the configuration file only. */
  builderGc: BuilderGcOptions;
  /** Steps of all builds that may run at once; the engine's own choice when undefined. */
  buildParallelism: number | undefined;
  /** What clients may grant to their builds. */
  buildGrants: readonly BuildGrantOption[];
  /** Only for the launcher: give the mount namespace back instead of starting. */
  release: boolean;
}

/** What counts at once when the configuration file is read again, as in dockerd. */
export type ReloadableOptions = Pick<EngineOptions, OwnOptions> & DaemonOptions;

/** Key of the configuration file by our name. */
export const reloadableKeys = {
  debug: 'debug',
  logLevel: 'log-level',
  liveRestore: 'live-restore',
  shutdownTimeoutSeconds: 'shutdown-timeout',
  insecureRegistries: 'insecure-registries',
  registryMirrors: 'registry-mirrors',
  labels: 'labels',
  maximumDownloads: 'max-concurrent-downloads',
  maximumUploads: 'max-concurrent-uploads',
  runtimes: 'runtimes',
  defaultRuntime: 'default-runtime',
} as const satisfies Record<keyof ReloadableOptions, string>;

function usage(message: string): EngineError {
  return new EngineError('invalid', message, { reason: 'request.invalid', params: { detail: message } });
}

const flags = {
  'data-root': { type: 'string' },
  'exec-root': { type: 'string' },
  host: { type: 'string', short: 'H', multiple: true },
  pidfile: { type: 'string' },
  'config-file': { type: 'string' },
  debug: { type: 'boolean', short: 'D' },
  'socket-owner': { type: 'string' },
  bip: { type: 'string' },
  'insecure-registry': { type: 'string', multiple: true },
  'registry-mirror': { type: 'string', multiple: true },
  'layer-limit': { type: 'string', multiple: true },
  'add-runtime': { type: 'string', multiple: true },
  'default-runtime': { type: 'string' },
  'log-driver': { type: 'string' },
  'log-opt': { type: 'string', multiple: true },
  'userns-remap': { type: 'string' },
  ...daemonFlags,
  release: { type: 'boolean' },
} as const;

/** Those of daemon.json that mean something here. */
export const configurationKeys: ReadonlySet<string> = new Set([
  ...['data-root', 'exec-root', 'hosts', 'pidfile', 'debug', 'bip', 'insecure-registries', 'registry-mirrors'],
  ...['layer-limits', 'log-driver', 'log-opts', 'runtimes', 'default-runtime', 'userns-remap', 'builder'],
  ...daemonKeys,
]);

export type Configuration = Readonly<Record<string, unknown>>;

/** The configuration file as it is now. @throws EngineError `invalid` (`request.invalid`) */
export function readConfiguration(file: string | undefined): Configuration {
  if (file === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = messageOf(error);
    throw usage(`unable to configure the engine with file ${file}: ${why}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usage(`unable to configure the engine with file ${file}: it is not a JSON object`);
  }
  const unknown = Object.keys(value).filter((key) => !configurationKeys.has(key));
  if (unknown.length > 0) {
    throw usage(
      `unable to configure the engine with file ${file}: the following directives don't match any configuration option: ${unknown.join(', ')}`,
    );
  }
  return value as Configuration;
}

function textOf(configuration: Configuration, key: string): string | undefined {
  const value = configuration[key];
  if (value === undefined || typeof value === 'string') return value;
  throw usage(`the key ${key} of the configuration file has to be a string`);
}

function listOf(configuration: Configuration, key: string): string[] | undefined {
  const value = configuration[key];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw usage(`the key ${key} of the configuration file has to be a list of strings`);
}

function userId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw usage(`--socket-owner takes a user id, not ${text}`);
  return Number(text);
}

function absoluteHost(host: string): string {
  const match = /^unix:\/\/(.+)$/.exec(host);
  if (!match?.[1]) throw usage(`only unix:// sockets can be listened on, not ${host}`);
  return `unix://${path.resolve(match[1])}`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: withSwitches(args), options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw usage(messageOf(error));
  }
}

/** @throws EngineError `invalid` (`request.invalid`) with the words of the failure. */
function inWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw usage(messageOf(error));
  }
}

const mirrorsOf = (list: readonly string[]) => inWords(() => [...new Set(list.map(mirrorAddress))]);

const limitsOf = (given: readonly string[], configuration: Configuration): LayerLimitOptions =>
  inWords(() => layerLimitsOf(given, configuration['layer-limits']));

type OwnOptions = 'debug' | 'insecureRegistries' | 'registryMirrors' | 'runtimes' | 'defaultRuntime';

/** Of the flags those that `daemon-options.ts` knows. */
function daemonPart(flagged: Partial<ReloadableOptions>): Partial<DaemonOptions> {
  const { debug: _d, insecureRegistries: _i, registryMirrors: _m, runtimes: _r, defaultRuntime: _f, ...rest } = flagged;
  return rest;
}

/** What can be read again, of the file as it is now; flags win. */
function reloadable(flagged: Partial<ReloadableOptions>, configuration: Configuration): ReloadableOptions {
  const { debug } = configuration;
  if (debug !== undefined && typeof debug !== 'boolean') {
    throw usage('the key debug of the configuration file has to be true or false');
  }
  return {
    debug: flagged.debug ?? debug ?? false,
    insecureRegistries: flagged.insecureRegistries ?? listOf(configuration, 'insecure-registries') ?? [],
    registryMirrors: flagged.registryMirrors ?? mirrorsOf(listOf(configuration, 'registry-mirrors') ?? []),
    runtimes: inWords(() => runtimesOf(flagged.runtimes ?? [], configuration.runtimes)),
    defaultRuntime: flagged.defaultRuntime ?? textOf(configuration, 'default-runtime'),
    ...inWords(() => daemonOptions(daemonPart(flagged), configuration)),
  };
}

/** Reads the configuration file again. @throws EngineError `invalid` (`request.invalid`): then nothing has changed. */
export function reloadOptions({ configFile, flagged }: EngineOptions): ReloadableOptions {
  return reloadable(flagged, readConfiguration(configFile));
}

/** Reads the arguments; a flag wins over the configuration file. @throws EngineError `invalid` (`request.invalid`). */
export function parseEngineOptions(args: readonly string[]): EngineOptions {
  const values = parse(args);
  const configuration = readConfiguration(values['config-file']);
  const configFile = values['config-file'];
  const flagged = {
    ...(values.debug !== undefined && { debug: values.debug }),
    ...(values['insecure-registry'] && { insecureRegistries: values['insecure-registry'] }),
    ...(values['registry-mirror'] && { registryMirrors: mirrorsOf(values['registry-mirror']) }),
    ...(values['add-runtime'] && { runtimes: inWords(() => (values['add-runtime'] ?? []).map(addedRuntime)) }),
    ...(values['default-runtime'] !== undefined && { defaultRuntime: values['default-runtime'] }),
    ...inWords(() => flaggedDaemonOptions(values)),
  };
  const runRoot = path.resolve(values['exec-root'] ?? textOf(configuration, 'exec-root') ?? '/run/beluga');
  const pidFile = values.pidfile ?? textOf(configuration, 'pidfile');
  const hosts = values.host ?? listOf(configuration, 'hosts') ?? [`unix://${path.join(runRoot, 'docker.sock')}`];
  return {
    dataRoot: path.resolve(values['data-root'] ?? textOf(configuration, 'data-root') ?? '/var/lib/beluga'),
    runRoot,
    hosts: hosts.map(absoluteHost),
    pidFile: pidFile === undefined ? undefined : path.resolve(pidFile),
    socketOwner: userId(values['socket-owner']),
    bridgeAddress: values.bip ?? textOf(configuration, 'bip'),
    ...reloadable(flagged, configuration),
    metricsAddress: inWords(() => metricsAddressOf(values['metrics-addr'] ?? configuration['metrics-addr'])),
    configFile: configFile === undefined ? undefined : path.resolve(configFile),
    flagged,
    layerLimits: limitsOf(values['layer-limit'] ?? [], configuration),
    logDefaults: logDefaultsOf({ driver: values['log-driver'], flags: values['log-opt'] ?? [] }, configuration),
    // empty is none, as with dockerd
    usernsRemap: (values['userns-remap'] ?? textOf(configuration, 'userns-remap')) || undefined,
    builderGc: inWords(() => builderGcOf(configuration.builder)),
    buildParallelism: inWords(() => buildParallelismOf(configuration.builder)),
    buildGrants: inWords(() => buildGrantsOf(configuration.builder)),
    release: values.release ?? false,
  };
}

/** The options as arguments again, every path absolute, so that they mean the same from any directory. */
export function engineArguments(options: EngineOptions): string[] {
  const { configFile, flagged } = options;
  return [
    `--data-root=${options.dataRoot}`,
    `--exec-root=${options.runRoot}`,
    ...options.hosts.map((host) => `--host=${host}`),
    ...(options.pidFile === undefined ? [] : [`--pidfile=${options.pidFile}`]),
    ...(options.bridgeAddress === undefined ? [] : [`--bip=${options.bridgeAddress}`]),
    ...(configFile === undefined ? [] : [`--config-file=${configFile}`]),
    ...(flagged.debug ? ['--debug'] : []),
    ...(flagged.insecureRegistries ?? []).map((entry) => `--insecure-registry=${entry}`),
    ...(flagged.registryMirrors ?? []).map((entry) => `--registry-mirror=${entry}`),
    ...layerLimitArguments(options.layerLimits),
    ...(flagged.runtimes ?? []).map(({ name, path: file }) => `--add-runtime=${name}=${file}`),
    ...(flagged.defaultRuntime === undefined ? [] : [`--default-runtime=${flagged.defaultRuntime}`]),
    ...daemonArguments(daemonPart(flagged), options.metricsAddress),
    ...logDefaultArguments(options.logDefaults),
    ...(options.usernsRemap === undefined ? [] : [`--userns-remap=${options.usernsRemap}`]),
    ...(options.socketOwner === undefined ? [] : [`--socket-owner=${options.socketOwner}`]),
  ];
}
