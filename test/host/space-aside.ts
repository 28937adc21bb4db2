import { statSync } from 'node:fs';
import path from 'node:path';
import { waitUntil } from '../wait-until.ts';

/** The engine sets space aside a moment after its start: whoever fills its disk to the byte waits for that first. */
export const spaceAside = (dataRoot: string) =>
  waitUntil('space is set aside', () => statSync(path.join(dataRoot, 'beluga.db-wal')).size > 3_000_000);
