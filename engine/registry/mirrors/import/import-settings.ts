import type { RegistrySettings } from '../registry-settings.ts';
import { readDaemonJson } from './daemon-json.ts';
import { readHostsToml } from './hosts-toml.ts';
import { createImportDraft, type ImportedSettings } from './import-draft.ts';
import { readRegistriesConf } from './registries-conf.ts';

export type { ImportedSettings } from './import-draft.ts';

/** A configuration of another program, as its text. */
export interface ImportRequest {
  format: 'daemon.json' | 'hosts.toml' | 'registries.conf';
  text: string;
  /** The registry that a hosts.toml stands for, the name of its folder. */
  registry?: string;
}

/** Today's settings with the file's put in. Pure: no file is read, nothing is asked. @throws EngineError `registry.import-invalid`. */
export function importSettings({ format, text, registry }: ImportRequest, today: RegistrySettings): ImportedSettings {
  const draft = createImportDraft(today);
  if (format === 'daemon.json') readDaemonJson(text, draft);
  else if (format === 'hosts.toml') readHostsToml(text, registry, draft);
  else readRegistriesConf(text, draft);
  return draft.imported();
}
