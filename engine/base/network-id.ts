import { createHash } from 'node:crypto';

/** Docker's id of a predefined network, `bridge`, `host` or `none`: stable within one data root. */
export function networkId(instance: string, name: string): string {
  return createHash('sha256').update(`beluga network ${instance} ${name}`).digest('hex');
}
