import type { BridgeFacts } from '../../drivers/network/network-provider.ts';

/** The networks that every engine has: `bridge`, `host`, `none`. */
export interface NetworkService {
  /** As it is, or as it will be with its first container. Undefined where it cannot be made. */
  bridge(): BridgeFacts | undefined;
  /** Removes nothing, for these three are never removed, and tells that it was asked. */
  prune(): void;
}
