import type { Credentials } from '../auth/credentials.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import type { RegistrySettings } from './registry-settings.ts';

/** What is set for registries, what is remembered of them, and the logins that were handed over. */
export interface RegistryBook {
  settings(): RegistrySettings;
  /** From flags and the configuration file: mirrors of docker.io behind the rule's own, insecure registries. */
  fixed(): FixedRegistries;
  /**
   * Checks, writes and applies at once: what asks from now on asks so.
   * @throws EngineError `invalid` (`registry.settings-invalid`, `registry.address-*`) with what is wrong.
   */
  apply(settings: unknown): Promise<void>;
  /** Of every endpoint that was asked. */
  health(): readonly EndpointHealth[];
  logins(): readonly { host: string; username: string }[];
  /** Kept in memory for exactly this host; undefined forgets. */
  setLogin(host: string, login: Credentials | undefined): void;
}

export interface FixedRegistries {
  mirrors: readonly string[];
  insecure: readonly string[];
}
