import type { WorkerOptions } from 'node:worker_threads';

/** Of every thread that works on layers. */
export const layerThread: WorkerOptions = {
  // descriptors come from openat(2), which Node does not see
  trackUnmanagedFds: false,
  // what a pull allocates are short-lived pieces of 64 KiB: the sooner they go, the fewer there are
  resourceLimits: { maxYoungGenerationSizeMb: 4 },
};
