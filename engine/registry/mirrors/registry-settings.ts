/** What is set for registries and their mirrors: `<data root>/registries.json`, GET and PUT /beluga/registries. */
export interface RegistrySettings {
  /** For an image name the rule with the longest prefix that fits counts, and no other. */
  rules: readonly RegistryRule[];
  /** Names with or without port, and networks (CIDR): dockerd's `insecure-registries`. */
  insecure: readonly string[];
  /** By `host` or `host:port`. */
  hosts: Readonly<Record<string, HostSettings>>;
  /** For all hosts without one of their own; absent: as the environment of the engine says (HTTP_PROXY, NO_PROXY). */
  proxy?: ProxySettings;
  /** Where another endpoint can be asked instead; what is left out is as `defaultMirrorLimits`. */
  limits?: Partial<MirrorLimits>;
}

/** When an endpoint is given up for the next one. Milliseconds, where nothing else is said. */
export interface MirrorLimits {
  /** Until the connection stands, TLS included. */
  connect: number;
  /** From there until the answer begins. */
  answer: number;
  /** Between two pieces of an answer. */
  stall: number;
  /** Without an answer for so long, the next one is asked beside it, and the first answer counts. */
  hedge: number;
  /** Bytes per second; below it over `floorWindow` it is left. 0: no floor. */
  floor: number;
  floorWindow: number;
  /** After the first failure; doubled with each further one in a row, up to 30 times as long. */
  sick: number;
}

export const defaultMirrorLimits: MirrorLimits = {
  connect: 2000,
  answer: 10_000,
  stall: 10_000,
  hedge: 1500,
  floor: 50_000,
  floorWindow: 10_000,
  sick: 30_000,
};

export interface RegistryRule {
  /** A registry, or a repository or part of one: `docker.io`, `ghcr.io/acme`, `docker.io/library/node`. */
  prefix: string;
  /** In the order in which they are asked, where `order` is `fixed`. */
  mirrors: readonly MirrorSetting[];
  /** `auto`: the fastest healthy one first. */
  order: 'fixed' | 'auto';
  /** Never ask the registry itself. */
  mirrorOnly: boolean;
  /** What stands for the registry itself: `http://127.0.0.1:5000`; absent: the registry that the prefix names. */
  upstream?: string;
}

export interface MirrorSetting {
  /** `https://mirror.example[:port][/project]`; the repository's whole path follows (`/v2/project/library/node/…`). */
  url: string;
  /** For people. */
  name?: string;
  /** Kept, and not asked. */
  off?: boolean;
}

export interface HostSettings {
  /** Certificates that are trusted beside the system's, PEM. */
  ca?: string;
  /** Neither a proxy of the environment nor the one for all; or one of its own. */
  proxy?: 'none' | { url: string };
}

export interface ProxySettings {
  /** `http://host:port`, without credentials: they would lie on the disk; empty: none. */
  http: string;
  https: string;
  /** Hosts that are asked without it, as in NO_PROXY. */
  except: string;
}

export const emptyRegistrySettings: RegistrySettings = { rules: [], insecure: [], hosts: {} };
