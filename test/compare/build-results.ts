import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';
import { runToEnd } from '../docker-cli.ts';
import type { BuildCase } from './build-cases.ts';
import type { OpenSubject } from './subjects.ts';

/** The CLI of 20.10: it has both builders, and is of no plugin's making. */
export const dockerOf2010 = path.join(process.env.BELUGA_DOCKERD_PROGRAMS ?? '', 'usr/bin/docker');

/** What came of one Dockerfile. */
export interface BuiltResult {
  /** By path: kind, permissions, owner, and what is in it or where it leads. */
  files: Readonly<Record<string, string>>;
  config: Readonly<Record<string, unknown>>;
  /** Words of each entry, the first one first. */
  history: readonly string[];
  layers: number;
}

const fields = ['Env', 'Cmd', 'Entrypoint', 'WorkingDir', 'User', 'ExposedPorts', 'Volumes', 'Labels', 'StopSignal'];
const more = ['Healthcheck', 'Shell', 'OnBuild'];

/** What a container has besides its image. */
const ofContainer = /^(\.dockerenv$|dev\/|proc\/|sys\/|etc\/$|etc\/(hosts|hostname|resolv\.conf|mtab)$)/;

export function writeContext(folder: string, { lines, files = {}, fill }: BuildCase): void {
  for (const [name, content] of Object.entries({ Dockerfile: `${lines.join('\n')}\n`, ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content, { mode: 0o644 });
  }
  fill?.(folder);
}

export interface BuildOn {
  program: string;
  builder: 'classic' | 'buildkit';
  folder: string;
  of: BuildCase;
  /** A folder for what is in between. */
  aside: string;
}

/** Builds by the docker CLI of 20.10, which speaks to all of them. @throws Error with what it said */
export async function buildOn(
  { env }: OpenSubject,
  { program, builder, folder, of, aside }: BuildOn,
): Promise<BuiltResult> {
  const own = { ...env, DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0', BUILDKIT_PROGRESS: 'plain' };
  const docker = async (...args: string[]) => {
    const ended = await runToEnd(program, args, { env: own, boundMs: 120_000 });
    if (ended.code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
    return ended;
  };
  const tag = `built-${of.name}`;
  await docker('build', '--network', 'none', '-t', tag, ...(of.options ?? []), folder);
  const [image] = JSON.parse((await docker('inspect', tag)).stdout) as [
    { Config: Record<string, unknown>; RootFS: { Layers: readonly string[] } },
  ];
  const { stdout: history } = await docker('history', '--no-trunc', '--format', '{{json .CreatedBy}}', tag);
  const { stdout: id } = await docker('create', tag, 'nothing');
  const file = path.join(aside, `${builder}.tar`);
  await docker('export', '-o', file, id.trim());
  await docker('rm', id.trim());
  const bytes = readFileSync(file);
  rmSync(file);
  return {
    files: await filesIn(bytes),
    config: Object.fromEntries([...fields, ...more].map((field) => [field, emptied(image.Config[field])])),
    history: history
      .trim()
      .split('\n')
      .map((line): string => JSON.parse(line))
      .reverse(),
    layers: image.RootFS.Layers.length,
  };
}

/** Nothing is told in several ways. */
const emptied = (value: unknown) =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0) ? '' : value;

/** Short texts as they are. */
function told(content: Buffer): string {
  if (content.length < 200) return JSON.stringify(content.toString('utf8'));
  return `${content.length} ${createHash('sha256').update(content).digest('hex').slice(0, 12)}`;
}

async function filesIn(bytes: Buffer): Promise<Record<string, string>> {
  const extract = tar.extract();
  Readable.from([bytes]).pipe(extract);
  const files: Record<string, string> = {};
  for await (const entry of extract) {
    const { name, type, mode = 0, uid, gid, linkname } = entry.header;
    const content = await buffer(entry);
    const clean = name.replace(/^\.?\//, '').replace(/\/$/, '');
    if (ofContainer.test(`${clean}${type === 'directory' ? '/' : ''}`)) continue;
    const inside = type === 'file' ? told(content) : (linkname ?? '');
    files[clean] = `${type} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${inside}`.trim();
  }
  return files;
}
