import { outputsOf } from './exporter.ts';
import type { SolveRequest } from './generated/control_pb.ts';
import type { BuiltImage } from './pending-builds.ts';

/**
 * What a client writes into the files of --metadata-file and --iidfile (moby/buildkit: exporter/containerimage/exptypes). Files
 * alone have nothing of it.
 */
export function exporterResponse(request: SolveRequest, image: BuiltImage): Record<string, string> {
  const outputs = outputsOf(request);
  const isOfImage = outputs.length === 0 || outputs.some(({ type }) => !['local', 'tar', 'cacheonly'].includes(type));
  const { imageId, manifest, isOciDigest, cacheManifest } = image;
  const ofCache = cacheManifest && { 'cache.manifest': JSON.stringify(cacheManifest) };
  if (!isOfImage) return { ...ofCache };
  const names = namesIn(image, outputs);
  const isIndex = manifest.mediaType.includes('.index.');
  return {
    ...(!isIndex && { 'containerimage.config.digest': imageId }),
    ...(outputs.length > 0 && { 'containerimage.digest': isOciDigest ? manifest.digest : imageId }),
    ...(isOciDigest && { 'containerimage.descriptor': Buffer.from(JSON.stringify(manifest)).toString('base64') }),
    ...(names !== '' && { 'image.name': names }),
    ...ofCache,
  };
}

function namesIn({ references }: BuiltImage, outputs: ReturnType<typeof outputsOf>): string {
  return references.length > 0
    ? references.join(',')
    : (outputs.find(({ attributes }) => attributes.name)?.attributes.name ?? '');
}
