import type { LookedUpImage } from '../../services/images/image-service.ts';

/** GET /distribution/NAME/json: a descriptor as OCI writes it, and the platforms. */
export function lookedUpToWire({ digest, mediaType, size, platforms }: LookedUpImage) {
  return { Descriptor: { mediaType, digest, size }, Platforms: platforms };
}
