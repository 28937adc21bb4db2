import { type Settings, settingsSchema } from '../bridge/app.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** The user's choices, kept in a file. */
export interface SettingsFile {
  readonly current: Settings;
  /** Takes over what is given and writes. */
  change(news: Partial<Settings>): Settings;
}

/** Opens it; `changed` is told of every change. */
export function openSettings(file: string, changed: (settings: Settings) => void): SettingsFile {
  let current = readJsonFile(file, settingsSchema);
  return {
    get current() {
      return current;
    },
    change(news) {
      const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
      current = settingsSchema.parse({ ...current, ...given });
      writeJsonFile(file, current);
      changed(current);
      return current;
    },
  };
}
