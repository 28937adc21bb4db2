import i18next from 'i18next';
import type { Failure, Warning } from '../../electron/bridge/failure.ts';

/** The sentence's own values: `{{program}}`. */
const placeholders = /\{\{(\w+)\}\}/g;

/** The sentence of `key` with its values; undefined where there is none, or where it needs a value that did not come. */
function sentenceOf(key: string, values: Readonly<Record<string, string | number>>): string | undefined {
  const sentence: unknown = i18next.getResource(i18next.language, 'errors', key, { keySeparator: false });
  if (typeof sentence !== 'string') return undefined;
  const complete = [...sentence.matchAll(placeholders)].every(([, name]) => name !== undefined && name in values);
  return complete ? sentence.replace(placeholders, (_, name: string) => String(values[name])) : undefined;
}

/** The same for what was granted otherwise than asked. */
export function warningText({ reason, message, params }: Warning): string {
  return (reason && sentenceOf(reason, { ...params, message })) || message;
}

/** The cause in the user's language: by its reason, else by its code and with the engine's own words. */
export function failureText({ code, reason, message, params }: Failure): string {
  const values = { ...params, message };
  return (reason && sentenceOf(reason, values)) || (sentenceOf(code, values) ?? message);
}
