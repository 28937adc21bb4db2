import { EngineError } from '../../../base/errors.ts';
import { type Endpoint, endpointText, parseEndpoint } from '../../endpoint.ts';
import { createInsecureHosts } from '../../insecure-hosts.ts';
import type { MirrorSetting, ProxySettings, RegistryRule, RegistrySettings } from '../registry-settings.ts';
import { type ImportTold, told, toldBy } from './import-words.ts';

/** The configuration of another program, read: nothing of it is dropped without a word. */
export interface ImportedSettings {
  /** The settings before, with the file's put in. */
  settings: RegistrySettings;
  /** What was taken, in the order of the file. */
  taken: readonly ImportTold[];
  /** What was not, and why. */
  ignored: readonly { key: string; why: ImportTold }[];
}

/** Settings that grow while a file is read. What cannot be taken lands among what is ignored, with the reason. */
export interface ImportDraft {
  /** Put behind the mirrors that the rule has already. Gives the endpoint; undefined where it cannot be one. */
  addMirror(prefix: string, key: string, address: string): Endpoint | undefined;
  /** Another place that stands for the registry itself. */
  setUpstream(prefix: string, key: string, address: string): Endpoint | undefined;
  setMirrorOnly(prefix: string): void;
  addInsecure(key: string, entry: string): void;
  setProxy(proxy: ProxySettings): void;
  take(what: ImportTold): void;
  ignore(key: string, why: ImportTold): void;
  imported(): ImportedSettings;
}

/** Begins with a copy of today's settings. */
export function createImportDraft(today: RegistrySettings): ImportDraft {
  const settings = structuredClone(today) as { -readonly [Key in keyof RegistrySettings]: RegistrySettings[Key] };
  const taken: ImportTold[] = [];
  const ignored: { key: string; why: ImportTold }[] = [];
  const ignore = (key: string, why: ImportTold) => void ignored.push({ key, why });

  const change = (prefix: string, part: Partial<RegistryRule>) => {
    const known = settings.rules.find((rule) => rule.prefix === prefix);
    const before = known ?? { prefix, mirrors: [], order: 'fixed' as const, mirrorOnly: false };
    const rule = { ...before, ...part };
    settings.rules = known ? settings.rules.map((one) => (one === known ? rule : one)) : [...settings.rules, rule];
  };
  const mirrorsOf = (prefix: string): readonly MirrorSetting[] =>
    settings.rules.find((rule) => rule.prefix === prefix)?.mirrors ?? [];
  const read = (key: string, address: string): Endpoint | undefined => {
    try {
      return parseEndpoint(address);
    } catch (error) {
      ignore(key, toldBy(error));
      return undefined;
    }
  };
  return {
    addMirror(prefix, key, address) {
      const endpoint = read(key, address);
      if (!endpoint) return undefined;
      const url = endpointText(endpoint);
      const known = mirrorsOf(prefix).find((mirror) => sameEndpoint(mirror.url, url));
      if (known?.off) ignore(key, told('import.switched-off', { address: url }));
      else taken.push({ message: `${prefix}: ${url}` });
      if (!known) change(prefix, { mirrors: [...mirrorsOf(prefix), { url }] });
      return endpoint;
    },
    setUpstream(prefix, key, address) {
      const endpoint = read(key, address);
      if (!endpoint) return undefined;
      change(prefix, { upstream: endpointText(endpoint) });
      taken.push(told('import.upstream', { prefix, address: endpointText(endpoint) }));
      return endpoint;
    },
    setMirrorOnly(prefix) {
      change(prefix, { mirrorOnly: true });
      taken.push(told('import.mirror-only', { prefix }));
    },
    addInsecure(key, entry) {
      try {
        createInsecureHosts([entry]);
      } catch (error) {
        return ignore(key, toldBy(error));
      }
      if (!settings.insecure.includes(entry)) settings.insecure = [...settings.insecure, entry];
      taken.push(told('import.insecure', { entry }));
    },
    setProxy(proxy) {
      settings.proxy = proxy;
    },
    take: (what) => void taken.push(what),
    ignore,
    imported: () => ({ settings, taken, ignored }),
  };
}

function sameEndpoint(one: string, other: string): boolean {
  try {
    return endpointText(parseEndpoint(one)) === other;
  } catch {
    return one === other;
  }
}

/** `registry.import-invalid`: the text as a whole cannot be read. */
export function importInvalid(file: string, why: string, line?: number): EngineError {
  const where = line === undefined ? '' : ` in line ${line}`;
  return new EngineError('invalid', `${file} cannot be read${where}: ${why}`, {
    reason: 'registry.import-invalid',
    params: { file, line: line ?? 0, why },
  });
}
