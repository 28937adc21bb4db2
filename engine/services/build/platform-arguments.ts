import { platformText } from '../../registry/platform.ts';
import type { ImagePlatform } from '../images/image-service.ts';

/** ARGs that are there by themselves (Dockerfile reference, "Automatic platform ARGs in the global scope"). */
export function platformArguments(
  target: ImagePlatform,
  build: ImagePlatform,
  stage: string,
): ReadonlyMap<string, string> {
  const of = (name: string, platform: ImagePlatform): [string, string][] => [
    [`${name}PLATFORM`, platformText(platform)],
    [`${name}OS`, platform.os],
    [`${name}ARCH`, platform.architecture],
    [`${name}VARIANT`, platform.variant ?? ''],
    [`${name}OSVERSION`, ''],
  ];
  return new Map([...of('TARGET', target), ...of('BUILD', build), ['TARGETSTAGE', stage]]);
}

/** May be given without an ARG; they are in no history and no key (Dockerfile reference, "Predefined ARGs"). */
export const proxyArguments: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
);
