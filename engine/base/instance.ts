import { createHash } from 'node:crypto';

/** 12 hex digits of a data root's real path: part of every name that two engines on one machine must not share. */
export function instanceOf(dataRoot: string): string {
  return createHash('sha256').update(dataRoot).digest('hex').slice(0, 12);
}
