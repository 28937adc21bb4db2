import { parse, TomlError } from 'smol-toml';
import { importInvalid } from './import-draft.ts';
import type { Table } from './values.ts';

/** TOML 1.0. @throws EngineError `registry.import-invalid` with the line. */
export function parseToml(file: string, text: string): Table {
  try {
    return parse(text.replace(/^\uFEFF/, ''), { maxDepth: 50, unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // behind the first line it draws the place in the text
    const [first = ''] = error.message.split('\n');
    throw importInvalid(file, first.replace(/^Invalid TOML document: /, ''), error.line);
  }
}
