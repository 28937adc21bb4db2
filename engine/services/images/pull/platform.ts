import { EngineError } from '../../../base/errors.ts';
import { type Platform, platformText } from '../../../registry/platform.ts';
import { type Descriptor, isAttestation, platformFits } from '../manifest.ts';

/** Of several that fit, the highest variant that the machine has comes first: v8 before v7 before one without. */
const rank = ({ platform }: Descriptor) => Number(platform?.variant?.replace(/^v/, '') ?? 0);

/** The variant that comes without being written: arm64 is v8, arm is v7. */
const defaultVariants: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };
const withVariant = (platform: Platform): Platform => {
  const variant = platform.variant ?? defaultVariants[platform.architecture];
  return { ...platform, ...(variant && { variant }) };
};

/** Whether it runs on `wanted`; of arm also the older variants do. */
function fits(image: Platform, wanted: Platform): boolean {
  if (image.architecture !== 'arm' || wanted.architecture !== 'arm')
    return platformFits(withVariant(image), withVariant(wanted));
  const number = (platform: Platform) => Number(withVariant(platform).variant?.slice(1));
  return image.os === wanted.os && number(image) <= number(wanted);
}

/**
 * The entry of an index for a platform; attestations and artifacts are passed over.
 *
 * @throws EngineError `not-found` (`image.platform-mismatch`) in Docker's words.
 */
export function choosePlatform(manifests: readonly Descriptor[], wanted: Platform, image: string): Descriptor {
  const images = manifests.filter((entry) => !isAttestation(entry) && entry.platform);
  const [best] = images.filter(({ platform }) => platform && fits(platform, wanted)).sort((a, b) => rank(b) - rank(a));
  if (best) return best;
  const text = platformText(wanted);
  throw new EngineError('not-found', `no matching manifest for ${text} in the manifest list entries`, {
    reason: 'image.platform-mismatch',
    params: { wanted: text, image },
  });
}
