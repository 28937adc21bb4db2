import os from 'node:os';
import { EngineError } from '../../base/errors.ts';
import {
  type CollectorDriver,
  type LogSource,
  parseGoBool,
  parseGoSize,
} from '../../drivers/logs/collectors/collector.ts';
import { fluentd } from '../../drivers/logs/collectors/fluentd.ts';
import { gelf } from '../../drivers/logs/collectors/gelf.ts';
import { journald } from '../../drivers/logs/collectors/journald.ts';
import { syslog } from '../../drivers/logs/collectors/syslog.ts';
import type { LogLimits } from '../../drivers/logs/log-rotator.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerHostConfig } from './container-service.ts';
import { renderTag, type TagFacts } from './log-tag.ts';

/** Docker's `log-driver` and `log-opts` of the daemon. */
export interface LogDefaults {
  driver: string;
  options: Readonly<Record<string, string>>;
}

type Options = Readonly<Record<string, string>>;

const collectors: Readonly<Record<string, CollectorDriver>> = { fluentd, gelf, journald, syslog };
const attributeOptions = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const ownOptions: Readonly<Record<string, readonly string[]>> = {
  'json-file': ['max-size', 'max-file', 'compress', ...attributeOptions],
  local: ['max-size', 'max-file', 'compress'],
};
const anyDriversOptions = ['mode', 'max-buffer-size'];
const cacheOptions = ['cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress'];
/** Of `local`, and of what is kept for reading of the drivers that forward (moby, `loggerutils/cache`). */
const localDefaults = { maxBytes: 20_000_000, maxFiles: 5, compress: true };
const defaultBufferBytes = 1024 * 1024;

export const logDriverNames: readonly string[] = [...Object.keys(collectors), ...Object.keys(ownOptions)].sort();

const invalid = (message: string) => new EngineError('invalid', message);

/**
 * What a container logs by: what is asked, or else the daemon's. Options of the daemon count where its driver does.
 * @throws EngineError `invalid` in Docker's words.
 */
export function resolveLogging(
  { logDriver, logOptions }: Pick<ContainerHostConfig, 'logDriver' | 'logOptions'>,
  defaults: LogDefaults,
): Pick<ContainerHostConfig, 'logDriver' | 'logOptions'> {
  const driver = logDriver || defaults.driver;
  const cached = Object.entries(defaults.options).filter(([name]) => cacheOptions.includes(name));
  const inherited =
    driver === defaults.driver ? defaults.options : Object.fromEntries(isCollector(driver) ? cached : []);
  const options = { ...inherited, ...logOptions };
  checkLogging({ driver, options });
  return { logDriver: driver, logOptions: options };
}

const isCollector = (driver: string) => Object.hasOwn(collectors, driver);

/** The same again. @throws EngineError `invalid` in Docker's words (moby, `logger.ValidateLogOpts`). */
export function checkLogging(logging: LogDefaults): LogDefaults {
  const { driver, options } = logging;
  if (driver === 'none') return logging;
  const { mode = '' } = options;
  if (!['', 'blocking', 'non-blocking'].includes(mode)) throw invalid(`logger: logging mode not supported: ${mode}`);
  const buffer = options['max-buffer-size'];
  if (buffer !== undefined) {
    if (mode !== 'non-blocking') {
      throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    }
    within('error parsing option max-buffer-size', () => parseGoSize(buffer, 1024));
  }
  const disabled = options['cache-disabled'];
  if (disabled) {
    try {
      parseGoBool(disabled);
    } catch {
      throw invalid(`invalid value for option cache-disabled: ${disabled}`);
    }
  }
  const known = collectors[driver]?.options ?? ownOptions[driver];
  if (!known || !logDriverNames.includes(driver)) {
    const there = [...logDriverNames, 'none'].join(', ');
    throw invalid(`error looking up logging plugin ${driver}: plugin "${driver}" not found (this engine has ${there})`);
  }
  // gelf looks at its address first
  if (driver === 'gelf' && !options['gelf-address']) collectors.gelf?.check(options);
  const unknown = Object.keys(options).find(
    (name) => ![...known, ...anyDriversOptions, ...cacheOptions].includes(name),
  );
  if (unknown) {
    const where = driver === 'local' ? 'log driver local' : `${driver} log driver`;
    throw invalid(`unknown log opt '${unknown}' for ${where}`);
  }
  collectors[driver]?.check(options);
  return logging;
}

function within<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw invalid(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wholeNumber(value: string): number {
  if (!/^[+-]?\d{1,9}$/.test(value)) throw invalid(`strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

function jsonFileLimits(options: Options): LogLimits | undefined {
  const size = options['max-size'];
  const maxBytes = size === undefined ? undefined : parseGoSize(size, 1000);
  if (maxBytes === 0) throw invalid('max-size must be a positive number');
  const maxFiles = wholeNumber(options['max-file'] ?? '1');
  if (maxFiles < 1) throw invalid('max-file cannot be less than 1');
  const compress = options.compress === undefined ? false : parseGoBool(options.compress);
  if (compress && (maxFiles === 1 || maxBytes === undefined)) {
    throw invalid('compress cannot be true when max-file is less than 2 or max-size is not set');
  }
  return maxBytes === undefined ? undefined : { maxBytes, maxFiles, compress };
}

/** @param prefix `cache-` for what the drivers that forward keep. */
function localLimits(options: Options, prefix: string): LogLimits {
  const limits = { ...localDefaults };
  const size = options[`${prefix}max-size`];
  if (size !== undefined) {
    limits.maxBytes = within(`invalid value for max-size: ${size}`, () => parseGoSize(size, 1000)) || limits.maxBytes;
  }
  const files = options[`${prefix}max-file`];
  if (files !== undefined) limits.maxFiles = within(`invalid value for max-file: ${files}`, () => wholeNumber(files));
  const compress = options[`${prefix}compress`];
  if (compress) limits.compress = within('error reading compress log option', () => parseGoBool(compress));
  if (limits.maxFiles <= 1 && limits.compress) throw invalid('compression cannot be enabled when max file count is 1');
  if (limits.maxFiles < 1) throw invalid('max file count cannot be less than 1');
  return limits;
}

/** How a container's log is kept and where it goes, from its start to its end. */
export interface LogPlan {
  /** None where the file may grow without bound. */
  limits: LogLimits | undefined;
  collector: CollectorDriver | undefined;
  source: LogSource;
  blocking: boolean;
  bufferBytes: number;
}

export const isReadable = ({ logDriver, logOptions }: Pick<ContainerHostConfig, 'logDriver' | 'logOptions'>): boolean =>
  logDriver !== 'none' && !(isCollector(logDriver) && parseGoBool(logOptions['cache-disabled'] || 'false'));

export const forwards = ({ logDriver }: Pick<ContainerHostConfig, 'logDriver'>): boolean => isCollector(logDriver);

function limitsOf({ logDriver, logOptions }: ContainerHostConfig): LogLimits | undefined {
  if (logDriver === 'none') return undefined;
  if (logDriver === 'json-file') return jsonFileLimits(logOptions);
  return logDriver === 'local' ? localLimits(logOptions, '') : localLimits(logOptions, 'cache-');
}

/** Wrong options that Docker finds at the start. @throws EngineError `invalid` in its words. */
export function planLog(record: ContainerRecord): LogPlan {
  const { hostConfig } = record.fixed;
  const { logDriver, logOptions } = hostConfig;
  return {
    limits: limitsOf(hostConfig),
    collector: collectors[logDriver],
    source: sourceOf(record),
    blocking: logOptions.mode !== 'non-blocking',
    bufferBytes: parseGoSize(logOptions['max-buffer-size'] || '0', 1024) || defaultBufferBytes,
  };
}

function regexOf(text: string | undefined): RegExp | undefined {
  if (!text) return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const why = /Unterminated group/.test(said) ? 'missing closing )' : said;
    throw invalid(`error parsing regexp: ${why}: \`${text}\``);
  }
}

/** Labels and variables that the options name (moby, `Info.ExtraAttributes`). */
function extraAttributes({ fixed: { config, hostConfig } }: ContainerRecord): Record<string, string> {
  const { logOptions } = hostConfig;
  const chosen = (list: string | undefined, regex: RegExp | undefined, all: Readonly<Record<string, string>>) => {
    const names = list?.split(',') ?? [];
    return Object.entries(all).filter(([name]) => names.includes(name) || regex?.test(name));
  };
  const environment = Object.fromEntries(
    config.environment.flatMap((variable) => {
      const at = variable.indexOf('=');
      return at < 0 ? [] : [[variable.slice(0, at), variable.slice(at + 1)] as const];
    }),
  );
  return Object.fromEntries([
    ...chosen(logOptions.labels, regexOf(logOptions['labels-regex']), config.labels),
    ...chosen(logOptions.env, regexOf(logOptions['env-regex']), environment),
  ]);
}

function factsOf(record: ContainerRecord, attributes: Readonly<Record<string, string>>): TagFacts {
  const { id, name, fixed } = record;
  const fields = {
    ...{ ID: id.slice(0, 12), FullID: id, ContainerID: id, Name: name, ContainerName: `/${name}` },
    ...{ ImageID: fixed.imageId.slice(0, 12), ImageFullID: fixed.imageId, ContainerImageID: fixed.imageId },
    ...{ ImageName: fixed.config.image, ContainerImageName: fixed.config.image },
    ...{ DaemonName: 'docker', Hostname: os.hostname(), Command: [fixed.path, ...fixed.args].join(' ') },
  };
  return { fields, labels: fixed.config.labels, attributes };
}

/** What `docker logs --details` shows: of `json-file`, in whose files Docker has it. */
export function logAttributes(record: ContainerRecord): Readonly<Record<string, string>> {
  const { logDriver, logOptions } = record.fixed.hostConfig;
  if (logDriver !== 'json-file') return {};
  const attributes = extraAttributes(record);
  const { tag } = logOptions;
  return tag ? { ...attributes, tag: renderTag(tag, factsOf(record, attributes)) } : attributes;
}

function sourceOf(record: ContainerRecord): LogSource {
  const { id, name, createdNano, fixed } = record;
  const { logDriver, logOptions } = fixed.hostConfig;
  const attributes = extraAttributes(record);
  const rename = collectors[logDriver]?.attributeName ?? ((same: string) => same);
  return {
    containerId: id,
    containerName: name,
    imageId: fixed.imageId,
    imageName: fixed.config.image,
    command: [fixed.path, ...fixed.args].join(' '),
    createdAt: new Date(Number(createdNano / 1_000_000n)),
    hostname: os.hostname(),
    tag: renderTag(logOptions.tag || '{{.ID}}', factsOf(record, attributes)),
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [rename(key), value])),
  };
}
