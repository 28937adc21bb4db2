import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { runToEnd } from '../docker-cli.ts';
import { startEngine } from '../engine-fixture.ts';
import { dockerdPrograms, openDockerd } from '../host/dockerd-scene.ts';
import { openNetworkScene } from '../host/network-scene.ts';
import { sampleArchive } from '../sample.ts';

/** A dockerd to compare with, and the API version that it and Beluga are asked in. */
export const peers = [
  { name: 'dockerd 20.10', api: '1.41' },
  { name: 'dockerd 26.1', api: '1.45' },
] as const;

export type PeerName = (typeof peers)[number]['name'];

/** One of the two that are compared. */
export interface Subject {
  readonly isBeluga: boolean;
  readonly socket: string;
  /** Version of every call, `1.41`. */
  readonly api: string;
  /** What stands for `<root>` in outcomes. */
  readonly root: string;
  /** Environment of the CLI. */
  readonly env: NodeJS.ProcessEnv;
}

/** A subject that was started for the comparison. */
export interface OpenSubject extends Subject {
  close(): Promise<void>;
}

export const cliProgram = process.env.BELUGA_DOCKER_CLI ?? 'docker';

/** Something that was opened, and is closed when it is no longer needed. */
interface Opened {
  readonly root: string;
  readonly socket: string;
  close(): Promise<void>;
}

const folderOf = (variable: string, found: string | undefined): string => {
  if (found && existsSync(found)) return found;
  throw new Error(`no dockerd to compare with: ${variable} is not set`);
};

async function open(name: PeerName | 'beluga', prefix: readonly string[]): Promise<Opened> {
  if (name === 'beluga') {
    const engine = await startEngine({ prefix });
    const { root, socket } = engine.folders;
    return { root, socket, close: () => engine[Symbol.asyncDispose]() };
  }
  const tools = folderOf('BELUGA_DOCKERD_PROGRAMS', dockerdPrograms);
  const newer = () => folderOf('BELUGA_DOCKERD_ZSTD', process.env.BELUGA_DOCKERD_ZSTD);
  const programs = name === 'dockerd 20.10' ? tools : newer();
  const { root, close } = await openDockerd(programs, prefix, [], tools);
  return { root, socket: path.join(root, 'docker.sock'), close };
}

/**
 * A Beluga or a dockerd in a network namespace of its own, with the sample image.
 * @throws Error when its programs are not there: nothing is compared then, which is a failure
 */
export async function openSubject(name: PeerName | 'beluga', api: string): Promise<OpenSubject> {
  const scene = openNetworkScene();
  try {
    const { root, socket, close } = await open(name, scene.prefix);
    const { DOCKER_CONTEXT: _context, ...inherited } = process.env;
    const config = path.join(root, 'cli');
    mkdirSync(config);
    const env = {
      ...inherited,
      DOCKER_HOST: `unix://${socket}`,
      DOCKER_CONFIG: config,
      DOCKER_API_VERSION: api,
      DOCKER_CLI_HINTS: 'false',
    };
    const loaded = await runToEnd(cliProgram, ['load', '-q', '-i', sampleArchive()], { env });
    if (loaded.code !== 0) throw new Error(`${name} does not load the sample image: ${loaded.stderr}`);
    return {
      isBeluga: name === 'beluga',
      ...{ socket, api, root, env },
      async close() {
        try {
          await close();
        } finally {
          scene.close();
        }
      },
    };
  } catch (error) {
    scene.close();
    throw error;
  }
}
