import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { EngineError, messageOf } from '../../base/errors.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import { errnoCode } from '../../base/libc.ts';
import type { Log } from '../../base/log.ts';
import type { Credentials } from '../auth/credentials.ts';
import { parseEndpoint } from '../endpoint.ts';
import { createInsecureHosts, type InsecureHosts } from '../insecure-hosts.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import { createHealthBook, type HealthBook } from './health-book.ts';
import { parseRegistrySettings } from './parse-settings.ts';
import { proxiesOf } from './proxies.ts';
import type { FixedRegistries, RegistryBook } from './registry-book.ts';
import { defaultMirrorLimits, emptyRegistrySettings, type MirrorLimits } from './registry-settings.ts';

/** The book, and what the parts that ask registries read out of it: always as it is now. */
export interface LocalRegistryBook extends RegistryBook {
  readonly healthBook: HealthBook;
  readonly insecure: InsecureHosts;
  limits(): MirrorLimits;
  loginOf(host: string): Credentials | undefined;
  proxiesFor(host: string): Readonly<Record<string, string | undefined>>;
  trustedFor(host: string): readonly string[];
  /** Other flags and another configuration file. @throws EngineError `invalid` (`registry.address-*`). */
  setFixed(fixed: FixedRegistries): void;
  /** Writes what is not yet on the disk. */
  close(): Promise<void>;
}

export interface LocalRegistryBookOptions {
  /** Holds `registries.json` and `registry-health.json`. */
  dataRoot: string;
  fixed: FixedRegistries;
  environment: Readonly<Record<string, string | undefined>>;
  log: Log;
}

/** Milliseconds after which changes of health are written: they come in crowds. */
const writePause = 1000;

/** Keeps settings and health in files of the data root; a file that cannot be read is set aside by name, and told. */
export async function openRegistryBook(options: LocalRegistryBookOptions): Promise<LocalRegistryBook> {
  const { dataRoot, environment, log } = options;
  const settingsFile = path.join(dataRoot, 'registries.json');
  const lock = createKeyedLock();
  let settings = (await readSettings(settingsFile, log)) ?? emptyRegistrySettings;
  let fixed = checked(options.fixed);
  let insecure = createInsecureHosts([...settings.insecure, ...fixed.insecure]);
  const logins = new Map<string, Credentials>();
  const limits = (): MirrorLimits => ({ ...defaultMirrorLimits, ...settings.limits });
  const health = await openHealth(path.join(dataRoot, 'registry-health.json'), () => limits().sick, log);
  const host = (text: string) => settings.hosts[text];
  return {
    settings: () => settings,
    fixed: () => fixed,
    apply: (value) =>
      lock.run('settings', async () => {
        const next = await parseRegistrySettings(value);
        await writeFileAtomically(settingsFile, `${JSON.stringify(next, null, 2)}\n`);
        settings = next;
        insecure = createInsecureHosts([...next.insecure, ...fixed.insecure]);
      }),
    setFixed(next) {
      fixed = checked(next);
      insecure = createInsecureHosts([...settings.insecure, ...fixed.insecure]);
    },
    health: () => health.book.all(),
    logins: () => [...logins].map(([at, { username }]) => ({ host: at, username })),
    setLogin(at, login) {
      if (login) logins.set(at, login);
      else logins.delete(at);
    },
    loginOf: (at) => logins.get(at),
    healthBook: health.book,
    insecure: { includes: (at) => insecure.includes(at) },
    limits,
    proxiesFor: (at) => proxiesOf(settings, environment, at),
    trustedFor: (at) => [host(at)?.ca ?? []].flat(),
    close: health.close,
  };
}

function checked(fixed: FixedRegistries): FixedRegistries {
  for (const mirror of fixed.mirrors) parseEndpoint(mirror);
  createInsecureHosts(fixed.insecure);
  return fixed;
}

async function readJsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Settings decide whom images come from: an engine that cannot read them must not go on as if there were none. */
async function readSettings(file: string, log: Log) {
  try {
    const value = await readJsonFile(file);
    return value === undefined ? undefined : await parseRegistrySettings(value);
  } catch (error) {
    log.error('the registry settings cannot be read', { file, why: messageOf(error) });
    const detail = `${file}: ${messageOf(error)}`;
    throw new EngineError('invalid', `the registry settings cannot be read: ${detail}; mend or remove the file`, {
      reason: 'registry.settings-invalid',
      params: { detail },
      cause: error,
    });
  }
}

async function openHealth(file: string, sickTime: () => number, log: Log) {
  // only a memory: without it everyone is asked anew
  const value = await readJsonFile(file).catch(() => undefined);
  const known = Array.isArray(value) ? value.filter(isHealth) : [];
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const write = () => {
    timer = undefined;
    writing = writing
      .then(() => writeFileAtomically(file, JSON.stringify(book.all())))
      .catch((error) => log.warn('the health of mirrors cannot be written', { file, why: messageOf(error) }));
  };
  const onChange = () => {
    timer ??= setTimeout(write, writePause).unref();
  };
  const book = createHealthBook({ known, sickTime, onChange });
  const close = async () => {
    if (timer) {
      clearTimeout(timer);
      write();
    }
    await writing;
  };
  return { book, close };
}

function isHealth(value: unknown): value is EndpointHealth {
  const entry = value as Partial<EndpointHealth> | null;
  return typeof entry?.endpoint === 'string' && [entry.failures, entry.asked, entry.served].every(Number.isInteger);
}
