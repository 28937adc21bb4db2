import { architecture } from '../base/architecture.ts';
import { EngineError } from '../base/errors.ts';

export interface Platform {
  architecture: string;
  os: string;
  variant?: string;
}

/** This machine in the words of the image spec. */
export function hostPlatform(): Platform {
  const variants: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7' };
  const variant = variants[architecture];
  return { os: 'linux', architecture, ...(variant && { variant }) };
}

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

/** The same system and processor, whatever the variants. */
export const isSameMachine = (one: Platform, other: Platform): boolean =>
  one.os === other.os && one.architecture === other.architecture;
