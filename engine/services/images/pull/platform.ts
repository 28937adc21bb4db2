import { EngineError } from '../../../base/errors.ts';
import { type Descriptor, hostPlatform, isAttestation, type Platform, platformFits } from '../manifest.ts';

/**
 * A platform as people write it, `os[/architecture[/variant]]` (containerd: platform specifier).
 *
 * @throws EngineError `invalid` (`image.platform-invalid`).
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) {
    throw new EngineError(
      'invalid',
      `"${text}" is an invalid platform: give OS/ARCHITECTURE[/VARIANT], as linux/arm64`,
      {
        reason: 'image.platform-invalid',
        params: { platform: text },
      },
    );
  }
  const host = hostPlatform();
  if (second === undefined)
    return first === 'linux' || first === 'windows' ? { ...host, os: first } : machine('linux', first);
  return third === undefined
    ? machine(first, second)
    : { os: first, architecture: machine(first, second).architecture, variant: third };
}

const otherNames: Readonly<Record<string, Omit<Platform, 'os'>>> = {
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  i386: { architecture: '386' },
  i686: { architecture: '386' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
};
const machine = (os: string, architecture: string): Platform => ({
  os,
  ...(otherNames[architecture] ?? { architecture }),
});

export const platformText = ({ os, architecture, variant }: Platform) =>
  [os, architecture, variant].filter(Boolean).join('/');

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
