import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { sampleArchive } from '../sample.ts';

/** The line that the app writes for scripts. */
interface AppReport {
  readonly event: string;
  readonly engine?: { readonly phase: string };
  readonly containers?: readonly { readonly name: string; readonly state: string }[];
  readonly welcomeFailure?: unknown;
  readonly screenshot?: string;
}

/** An application as it is handed out. */
export interface PackagedApp {
  readonly executable: string;
  readonly node: string;
  readonly launcher: string;
}

/** Where things are in the folder of a package. */
export const packagedApp = (folder: string): PackagedApp => ({
  executable: path.join(folder, 'beluga'),
  node: path.join(folder, 'resources/node/bin/node'),
  launcher: path.join(folder, 'resources/engine/launcher.mjs'),
});

/** Starts it, waits for its report, ends it by SIGTERM. `root`: for everything it writes. */
export async function startAndEnd(
  { executable }: PackagedApp,
  options: { root: string; env?: NodeJS.ProcessEnv; switches?: readonly string[]; look(): Promise<void> },
): Promise<{ report: AppReport; said: string; exitCode: number | null }> {
  const { root, env = {}, switches = [], look } = options;
  const profile = path.join(root, 'profile');
  mkdirSync(profile, { recursive: true });
  const args = [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    `--user-data-dir=${profile}`,
    `--beluga-data-root=${path.join(root, 'data')}`,
    `--beluga-run-root=${path.join(root, 'run')}`,
    `--beluga-sample-image=${sampleArchive()}`,
    '--beluga-welcome',
    '--beluga-report',
    `--beluga-screenshot=${path.join(root, 'window.png')}`,
    ...switches,
  ];
  const child = spawn(executable, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    said += words;
  });
  // not 'close': the engine goes on, and may hold what it inherited
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const killer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  try {
    const report = await new Promise<AppReport>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the app ended with ${code} before its report:\n${said}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        said += `${line}\n`;
        if (line.startsWith('beluga-report ')) resolve(JSON.parse(line.slice('beluga-report '.length)));
      });
    });
    await look();
    child.kill('SIGTERM');
    return { report, said, exitCode: await exit };
  } finally {
    clearTimeout(killer);
    child.kill('SIGKILL');
  }
}

/** Width and height that a PNG file says it has (PNG specification, IHDR). */
export function sizeOfPng(file: string): { width: number; height: number } {
  const head = Buffer.alloc(24);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (head.subarray(0, 8).toString('latin1') !== '\x89PNG\r\n\x1a\n') throw new Error(`${file} is no PNG`);
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

/** Electron's fuses, in their order: docs of @electron/fuses, "fuse wire". */
const fuses = [
  'RunAsNode',
  'EnableCookieEncryption',
  'EnableNodeOptionsEnvironmentVariable',
  'EnableNodeCliInspectArguments',
  'EnableEmbeddedAsarIntegrityValidation',
  'OnlyLoadAppFromAsar',
  'LoadBrowserProcessSpecificV8Snapshot',
  'GrantFileProtocolExtraPrivileges',
] as const;

/** Which fuses of an executable are on; undefined where this Electron has no such fuse. */
export function fusesOf(executable: string): Record<(typeof fuses)[number], boolean | undefined> {
  const binary = readFileSync(executable);
  const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
  const at = binary.indexOf(sentinel) + sentinel.length;
  if (at < sentinel.length || binary[at] !== 1) throw new Error(`${executable} has no fuse wire of version 1`);
  const wire = binary.toString('latin1', at + 2, at + 2 + (binary[at + 1] ?? 0));
  const state = (index: number) => (wire[index] === undefined ? undefined : wire[index] === '1');
  return Object.fromEntries(fuses.map((name, index) => [name, state(index)])) as ReturnType<typeof fusesOf>;
}
