import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Front, startFront } from '../registry/front.ts';
import { callEngine } from '../registry/mirror-scene.ts';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { sampleArchive, sampleImage, tarOf } from '../sample.ts';
import { givenRoots, scratchFolder } from './app-fixture.ts';

/** Asks the engine's extension, as the app does. @throws Error with the engine's words for a refusal */
export async function askEngine(method: string, route: string, body?: object): Promise<unknown> {
  const socket = path.join(givenRoots().runRoot, 'docker.sock');
  const answer = await callEngine({ folders: { socket } }, method, route, body);
  if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

type Docker = (...args: string[]) => Promise<string>;

/** A registry that stands for docker.io, and a mirror before it that can be slow or sick. */
export interface RegistryStory {
  readonly registry: RegistryProcess;
  readonly upstream: Front;
  readonly mirror: Front;
  close(): Promise<void>;
}

/** MB of the layers of `team/big`. */
const layers = [4, 9];

/** Puts `team/welcome` (tags 1, 2, latest) and `team/big:1` into a registry; on the engine nothing stays. */
export async function startRegistryStory(docker: Docker): Promise<RegistryStory> {
  const registry = await startRegistry();
  const [upstream, mirror] = [await startFront(registry.host), await startFront(registry.host)];
  await docker('load', '-i', sampleArchive());
  for (const tag of ['1', '2', 'latest']) {
    await docker('tag', sampleImage, `${registry.host}/team/welcome:${tag}`);
    await docker('push', '-q', `${registry.host}/team/welcome:${tag}`);
  }
  const folder = scratchFolder('big');
  for (const [index, size] of layers.entries()) {
    const file = path.join(folder, `big-${index}.tar`);
    writeFileSync(file, await tarOf([{ name: `noise-${index}`, content: randomBytes(size << 20) }]));
    await docker('import', file, `${registry.host}/team/big:${index + 1}`);
    await docker('push', '-q', `${registry.host}/team/big:${index + 1}`);
  }
  rmSync(folder, { recursive: true });
  const images = (await docker('images', '-q')).split('\n').filter(Boolean);
  await docker('rmi', '-f', ...new Set(images));
  return {
    registry,
    upstream,
    mirror,
    async close() {
      await askEngine('PUT', '/beluga/registries', { rules: [], insecure: [], hosts: {} });
      for (const one of [upstream, mirror, registry]) await one[Symbol.asyncDispose]();
    },
  };
}

/** docker.io is this registry, with these mirrors before it. */
export async function useMirrors({ upstream }: RegistryStory, mirrors: readonly string[]): Promise<void> {
  const rule = {
    prefix: 'docker.io',
    upstream: `http://${upstream.host}`,
    mirrors: mirrors.map((host) => ({ url: `http://${host}` })),
    order: 'fixed',
    mirrorOnly: false,
  };
  await askEngine('PUT', '/beluga/registries', { rules: [rule], insecure: [], hosts: {} });
}
