import type { Credentials } from '../../registry/auth/credentials.ts';
import type { EndpointHealth } from '../../registry/mirrors/endpoint-health.ts';
import type { ImportedSettings, ImportRequest } from '../../registry/mirrors/import/import-settings.ts';
import type { FixedRegistries } from '../../registry/mirrors/registry-book.ts';
import type { RegistrySettings } from '../../registry/mirrors/registry-settings.ts';
import type { MirrorTest } from './mirror-test.ts';

export type { EndpointHealth } from '../../registry/mirrors/endpoint-health.ts';
export type { ImportedSettings, ImportRequest } from '../../registry/mirrors/import/import-settings.ts';
export type { FixedRegistries } from '../../registry/mirrors/registry-book.ts';
export type { RegistrySettings } from '../../registry/mirrors/registry-settings.ts';
export type { MirrorTest } from './mirror-test.ts';

/** A login as the user gave it. */
export type RegistryLogin = Credentials;

/** What is set for registries, and what is known of them. */
export interface RegistryOverview {
  settings: RegistrySettings;
  fixed: FixedRegistries;
  health: readonly EndpointHealth[];
  logins: readonly { host: string; username: string }[];
}

export interface MirrorQuestion {
  /** As in a rule. */
  url: string;
  /** The prefix of the rule that it belongs to. */
  prefix: string;
}

export interface SearchQuestion {
  /** A part of a name; with a registry before it (`localhost:5000/web`) that one is searched, else Docker Hub. */
  term: string;
  /** At most so many. */
  limit: number;
  /** For the registry that is searched, and nowhere else. */
  login?: RegistryLogin;
  signal: AbortSignal;
}

/** A repository that a search found. */
export interface FoundRepository {
  /** As it can be pulled: `busybox`, `localhost:5000/team/web`. */
  name: string;
  description: string;
  stars: number;
  official: boolean;
}

export interface FoundNames {
  /** `registry`: the domain of its name. */
  names: readonly { registry: string; name: string; official?: boolean; description?: string }[];
  /** Registries that cannot be searched, and why. */
  unsearchable: readonly { registry: string; message: string }[];
}

export interface TagsQuestion {
  /** Image name; what it says of a tag does not matter. */
  name: string;
  /** For the registry of the name, and nowhere else. */
  login?: RegistryLogin;
  signal: AbortSignal;
}

export interface FoundTags {
  /** As their registry lists them. */
  tags: readonly string[];
  /** Who told. */
  endpoint: string;
}

/** The registries that images come from. */
export interface RegistryService {
  /**
   * Whether the registry at `address`, as `docker login` gives it, takes this login. Nothing is kept.
   * @throws EngineError `unauthorized` (`registry.refused`), `unavailable` (`registry.*`), `invalid` (`registry.address-*`).
   */
  checkLogin(address: string, login: RegistryLogin): Promise<void>;
  overview(): RegistryOverview;
  /** Counts at once. @throws EngineError `invalid` (`registry.settings-invalid`, `registry.address-*`). */
  apply(settings: unknown): Promise<void>;
  /** Reads a configuration of another program; nothing is changed. @throws EngineError `invalid` (`registry.import-invalid`). */
  readConfiguration(request: ImportRequest): ImportedSettings;
  /** Kept in memory for exactly this host, `docker.io` meaning its API's; undefined forgets. */
  setLogin(host: string, login: RegistryLogin | undefined): void;
  /** Looks at a mirror within 15 s; what fails is in the answer. @throws EngineError `invalid` (`registry.address-*`). */
  testMirror(question: MirrorQuestion, signal: AbortSignal): Promise<MirrorTest>;
  /** @throws EngineError `invalid` (`request.invalid`), `registry.*`. */
  search(question: SearchQuestion): Promise<readonly FoundRepository[]>;
  /** Names that go on so, of the registries that are known here; each has a few seconds. */
  names(text: string, signal: AbortSignal): Promise<FoundNames>;
  /** @throws EngineError `invalid` (`image.reference-invalid`), `registry.*` with what each endpoint said. */
  tags(question: TagsQuestion): Promise<FoundTags>;
}
