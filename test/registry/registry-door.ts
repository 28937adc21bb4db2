import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { BelugaMirrorTest, BelugaRegistries } from '../../engine/http/extension-types.ts';
import { ask, askJson } from '../raw-http.ts';
import { tarOf } from '../sample.ts';
import { openClient } from './client-scene.ts';
import { pushImage } from './push-image.ts';

/** A rule of settings with these mirrors. */
export const ruleFor = (prefix: string, mirrors: readonly string[], more: object = {}) => ({
  ...{ prefix, order: 'fixed' as const, mirrorOnly: false },
  mirrors: mirrors.map((url) => ({ url })),
  ...more,
});

export const settingsOf = (...rules: object[]) => ({ rules, insecure: [], hosts: {} });

/** What an engine's door says of registries. */
export function registryDoor(socket: () => string) {
  return {
    get: (url: string) => ask(socket(), { path: url }),
    remove: (url: string) => ask(socket(), { method: 'DELETE', path: url }),
    send: (url: string, body: unknown, method = 'POST') => askJson(socket(), url, body, method),
    async put(settings: object): Promise<BelugaRegistries> {
      const answer = await askJson(socket(), '/beluga/registries', settings, 'PUT');
      assert.equal(answer.status, 200, answer.text);
      return answer.json<BelugaRegistries>();
    },
    async test(url: string, prefix = 'docker.io'): Promise<BelugaMirrorTest> {
      const answer = await askJson(socket(), '/beluga/registries/test', { url, prefix });
      assert.equal(answer.status, 200, answer.text);
      return answer.json<BelugaMirrorTest>();
    },
  };
}

/** Sends an image with a layer that does not pack well, made at this time. */
export async function fill(
  host: string,
  name: string,
  options: { created?: string; tag?: string; bytes?: number } = {},
) {
  const { created = '2026-01-02T00:00:00Z', tag = 'latest', bytes = 600_000 } = options;
  using client = openClient({ address: host });
  const tar = await tarOf([{ name: 'noise', content: randomBytes(bytes) }]);
  return pushImage(client.at(name), tag, [{ tar }], { created });
}
