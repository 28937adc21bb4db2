import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The origin of the renderer. */
export const origin = 'app://beluga';

/** Everything only from files of ours; styles also inline: Radix and the log list set them. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.map': 'application/json',
};

/** Whether a page may load this address at all, whatever its policy says: only what we serve, and the inspector's own. */
export function mayLoad(address: string): boolean {
  return address.startsWith(`${origin}/`) || address.startsWith('devtools:') || address === 'about:blank';
}

/** The file under `root` that a URL of the app names; undefined for another host or a path that leaves `root`. */
export function fileOf(root: string, address: string): string | undefined {
  const url = new URL(address);
  if (`${url.protocol}//${url.host}` !== origin) return undefined;
  let name: string;
  try {
    name = decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
  if (name.includes('\0')) return undefined;
  const file = path.join(root, name === '/' ? '/index.html' : name);
  return file.startsWith(root + path.sep) ? file : undefined;
}

export interface ServedFile {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

/** Answers a request of the renderer for one of its own files; `extra` maps further paths to files. */
export async function serveFile(
  root: string,
  address: string,
  extra: ReadonlyMap<string, string> = new Map(),
): Promise<ServedFile> {
  const headers = { 'content-security-policy': contentSecurityPolicy, 'x-content-type-options': 'nosniff' };
  const file = extra.get(address) ?? fileOf(root, address);
  if (file === undefined) return { status: 404, headers, body: 'not found' };
  try {
    const type = types[path.extname(file)] ?? 'application/octet-stream';
    return { status: 200, headers: { ...headers, 'content-type': type }, body: await readFile(file) };
  } catch {
    return { status: 404, headers, body: 'not found' };
  }
}
