import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { getCACertificates } from 'node:tls';
import { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';

/** What one host's TLS is made with, PEM. */
export interface HostCertificates {
  /** Trusted beside the system's. */
  ca: readonly string[];
  /** The client's own, where the host asks for one. */
  cert?: string;
  key?: string;
}

/**
 * The files of `certs.d/HOST[:PORT]/` (Docker: "Understand the configuration" of certificates): `*.crt` are trusted,
 * `NAME.cert` with `NAME.key` is the client's. Of several folders the first that has one for the host counts. They are read
 * each time: a new file counts at once.
 *
 * @throws EngineError `invalid` (`registry.certificates`) when a half of a pair is missing.
 */
export async function readHostCertificates(folders: readonly string[], host: string): Promise<HostCertificates> {
  // a host comes out of an image name or an address: never let it leave the folder
  if (/[/\\]|^\.+$/.test(host)) return { ca: [] };
  for (const folder of folders) {
    const directory = path.join(folder, host);
    const names = await filesOf(directory);
    if (names) return readFolder(directory, names);
  }
  return { ca: [] };
}

async function filesOf(directory: string): Promise<string[] | undefined> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function readFolder(directory: string, names: readonly string[]): Promise<HostCertificates> {
  const text = (name: string) => readFile(path.join(directory, name), 'utf8');
  const ca = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(text));
  const [pair] = names.filter((name) => name.endsWith('.cert')).map((name) => name.slice(0, -'.cert'.length));
  const alone = names.find((name) => {
    const other = /\.cert$/.test(name) ? name.replace(/cert$/, 'key') : name.replace(/key$/, 'cert');
    return /\.(cert|key)$/.test(name) && !names.includes(other);
  });
  if (alone) {
    const file = path.join(directory, alone);
    throw new EngineError(
      'invalid',
      `${file} is one half of a pair: a client certificate needs NAME.cert and NAME.key`,
      {
        reason: 'registry.certificates',
        params: { file },
      },
    );
  }
  if (pair === undefined) return { ca };
  return { ca, cert: await text(`${pair}.cert`), key: await text(`${pair}.key`) };
}

let trusted: string[] | undefined;

/** What Node trusts and what the system trusts, PEM; read once. */
export function systemCertificates(): readonly string[] {
  trusted ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return trusted;
}
