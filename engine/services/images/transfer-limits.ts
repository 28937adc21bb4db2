import { createLimit, type Limit } from '../../base/limit.ts';

/** How many layers travel at once; 0 = no limit. */
export interface TransferCounts {
  /** Of all pulls. */
  maximumDownloads: number;
  /** Of all pushes. */
  maximumUploads: number;
}

/** As they are now: what is under way goes on when they are lowered. */
export interface TransferLimits {
  downloads: Limit;
  uploads: Limit;
  set(counts: TransferCounts): void;
}

export function createTransferLimits(first: TransferCounts): TransferLimits {
  let counts = first;
  return {
    downloads: createLimit(() => counts.maximumDownloads || Number.POSITIVE_INFINITY),
    uploads: createLimit(() => counts.maximumUploads || Number.POSITIVE_INFINITY),
    set(next) {
      counts = next;
    },
  };
}
