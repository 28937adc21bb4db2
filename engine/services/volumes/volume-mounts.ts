import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { getSystemErrorMessage } from 'node:util';
import { EngineError, messageOf } from '../../base/errors.ts';
import type { Mount } from '../../base/mount.ts';
import { splitMountOptions } from '../../drivers/mounts/mount-options.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';

export type VolumeOptions = Readonly<Record<string, string>>;

/** Whether a volume is more than a directory: something is mounted on it while a container uses it. */
export const hasOwnMount = (options: VolumeOptions | undefined): boolean => Object.keys(options ?? {}).length > 0;

/** A network filesystem's server by its address: the kernel asks no resolver. */
async function withAddress(type: string, words: readonly string[]): Promise<string[]> {
  if (type !== 'nfs' && type !== 'cifs') return [...words];
  return Promise.all(
    words.map(async (word) => {
      const host = /^addr=(.+)$/.exec(word)?.[1];
      return host === undefined || isIP(host) ? word : `addr=${(await lookup(host)).address}`;
    }),
  );
}

async function mountOf({ type = '', device = '', o = '' }: VolumeOptions): Promise<Mount> {
  const options = await withAddress(type, o.split(',').filter(Boolean));
  const binds = options.includes('bind') || options.includes('rbind');
  return { type: binds ? 'bind' : type, source: device, options };
}

/** As Go says them: in lower case. */
function systemWords(error: unknown): string {
  const number = error instanceof Error && 'errno' in error ? Number(error.errno) : 0;
  return number ? getSystemErrorMessage(-Math.abs(number)) : messageOf(error);
}

/** Mounts what a volume's options say at its directory. @throws EngineError in Docker's words; nothing is mounted then. */
export async function mountVolume(mounter: Mounter, data: string, options: VolumeOptions): Promise<void> {
  try {
    const mount = await mountOf(options);
    await mounter.mount([mount], data);
  } catch (cause) {
    const { flags, data: rest } = splitMountOptions((options.o ?? '').split(','));
    const how = `flags: 0x${flags.toString(16)}${rest.length > 0 ? `, data: ${rest.join(',')}` : ''}`;
    const detail = `mount ${options.device}:${data}, ${how}: ${systemWords(cause)}`;
    const message = `error while mounting volume '${data}': failed to mount local volume: ${detail}`;
    throw new EngineError('unavailable', message, { reason: 'volume.mount-failed', params: { detail }, cause });
  }
}
