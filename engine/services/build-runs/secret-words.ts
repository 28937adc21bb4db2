import type { BuildClient } from '../build/build-service.ts';

/** Shorter ones are words of their own everywhere. */
const shortest = 4;
const cover = '***';

/** Values that must not be written down, and texts without them. */
export interface SecretWords {
  add(value: string): void;
  without(text: string): string;
}

export function createSecretWords(): SecretWords {
  const words = new Set<string>();
  return {
    add(value) {
      for (const line of [value, ...value.split('\n')]) if (line.trim().length >= shortest) words.add(line.trim());
    },
    without(text) {
      let rest = text;
      for (const word of words) rest = rest.replaceAll(word, cover);
      return rest;
    },
  };
}

/** The client, of whose secrets is noted what they are. */
export function listening(client: BuildClient, secrets: SecretWords): BuildClient {
  return {
    ...client,
    async secret(id) {
      const value = await client.secret(id);
      secrets.add(Buffer.from(value).toString('utf8'));
      return value;
    },
  };
}
