import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ChosenFile } from '../bridge/registries.ts';

/** Bytes. */
const largest = 1_000_000;
const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** What the page gets of a file: all of a configuration, of certificates nothing but them. */
export function readChosen(file: string, what: 'certificates' | 'configuration'): ChosenFile {
  const name = path.basename(file);
  try {
    if (statSync(file).size > largest) return { name, problem: 'too-large' };
    const text = readFileSync(file, 'utf8');
    if (what === 'configuration') return { name, text };
    const found = text.match(certificate);
    return found ? { name, text: `${found.join('\n')}\n` } : { name, problem: 'no-certificate' };
  } catch {
    return { name, problem: 'unreadable' };
  }
}
