import type { RepositorySources } from '../../../registry/mirrors/repository-sources.ts';
import type { Platform } from '../../../registry/platform.ts';
import { type Reference, withDefaultTag } from '../../../registry/reference.ts';
import type { LookedUpImage } from '../image-service.ts';
import { isAttestation, isObject, parseJson, parseManifest } from '../manifest.ts';

/** What the registry has under a name, and for which platforms. @throws SourcesFailure, EngineError `image.*`. */
export async function lookUpImage(sources: RepositorySources, reference: Reference): Promise<LookedUpImage> {
  const { tag, digest } = withDefaultTag(reference);
  const { document } = await sources.resolve(digest ?? tag ?? 'latest');
  const { bytes, ...found } = document;
  const parsed = parseManifest(parseJson(bytes, 'the manifest'), 'the manifest');
  const described = { ...found, size: bytes.length };
  if (parsed.kind === 'index') {
    const images = parsed.manifests.filter((entry) => !isAttestation(entry));
    return { ...described, platforms: images.flatMap(({ platform }) => platform ?? []) };
  }
  const config = parseJson(await sources.config(parsed.config.digest), 'the config');
  return { ...described, platforms: isObject(config) ? [platformOf(config)] : [] };
}

function platformOf({ os, architecture, variant }: Readonly<Record<string, unknown>>): Platform {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { os: text(os), architecture: text(architecture), ...(text(variant) && { variant: text(variant) }) };
}
