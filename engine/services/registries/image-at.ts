import { architecture } from '../../base/architecture.ts';
import { type Digest, isDigest } from '../../base/digest.ts';
import { fetchConfig, fetchManifest, type RepositoryWork } from '../../registry/fetch.ts';

export interface ImageAt {
  /** Undefined: none. */
  largest: { digest: Digest; size: number } | undefined;
  config: Digest | undefined;
}

interface Entry {
  digest: Digest;
  size: number;
  platform: { os?: unknown; architecture?: unknown };
}

/** What is behind a digest at an endpoint, for this machine or else the first there is. @throws RegistryFailure. */
export async function imageAt(work: RepositoryWork, digest: Digest): Promise<ImageAt> {
  const document = parse((await fetchManifest(work, digest)).bytes);
  const manifests = entriesOf(document.manifests);
  if (manifests.length > 0) {
    const own = manifests.find(({ platform }) => platform.os === 'linux' && platform.architecture === architecture);
    const chosen = own ?? manifests[0];
    if (chosen && chosen.digest !== digest) return imageAt(work, chosen.digest);
  }
  const [largest] = entriesOf(document.layers).sort((a, b) => b.size - a.size);
  const [config] = entriesOf([document.config]);
  return { largest, config: config?.digest };
}

/** When it was made, milliseconds since the epoch; undefined where it does not say. @throws RegistryFailure. */
export async function createdAt(work: RepositoryWork, digest: Digest): Promise<number | undefined> {
  const { config } = await imageAt(work, digest);
  if (config === undefined) return undefined;
  const { created } = parse(await fetchConfig(work, config));
  const at = typeof created === 'string' ? Date.parse(created) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function entriesOf(list: unknown): Entry[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: { digest?: unknown; size?: unknown; platform?: Entry['platform'] } | null | undefined) => {
    const { digest, size, platform = {} } = one ?? {};
    if (typeof digest !== 'string' || !isDigest(digest) || typeof size !== 'number') return [];
    return { digest, size, platform: platform ?? {} };
  });
}
