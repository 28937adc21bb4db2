/** Plugs a container into a network. Idempotent, so that a restart may simply attach again. */
export interface NetworkProvider {
  /**
   * Makes the container's network namespace (or none for `host`) with loopback up, and for `bridge` its interface,
   * address and published ports; what is there already stays. After a failure the caller detaches.
   * @throws EngineError `conflict` (`container.port-taken`), `unavailable` where there is no address left.
   */
  attach(containerId: string, request: NetworkRequest): Promise<NetworkAttachment>;
  /**
   * Takes ports, interface and namespace away; a second call is not an error. The address can be given to another only
   * once the namespace is gone; published ports are free when it resolves.
   */
  detach(containerId: string): Promise<void>;
  /** Containers that have anything here; for cleaning up at the start. */
  list(): Promise<readonly string[]>;
  /** Why bridges cannot be made here, in one sentence; undefined where they work. Asked of the kernel once. */
  bridgeProblem(): string | undefined;
  /** The bridge, also before a container is on it. Undefined where it cannot be made. */
  bridge(): BridgeFacts | undefined;
  /** Takes the bridge away if no container is left on it; the others go on. */
  close(): Promise<void>;
}

export interface BridgeFacts {
  /** Of the link. */
  name: string;
  /** `172.30.0.0/16` */
  subnet: string;
  gateway: string;
  mtu: number;
}

export type NetworkMode = 'none' | 'host' | 'bridge';

export interface NetworkRequest {
  mode: NetworkMode;
  ports: readonly PortRequest[];
  /** Of the interface on the bridge; absent = made from the address. */
  macAddress?: string;
  /** Path of the user namespace that the network namespace shall belong to; absent = the engine's own. */
  userNamespace?: string;
}

export type PortProtocol = 'tcp' | 'udp';

/** A port of the container that the host shall answer on. */
export interface PortRequest {
  containerPort: number;
  protocol: PortProtocol;
  /** Empty = every address of the host, IPv4 and IPv6. */
  hostAddress: string;
  /** One of these, the first that is free; absent = any. */
  hostPorts?: { first: number; last: number };
}

export interface PublishedPort {
  containerPort: number;
  protocol: PortProtocol;
  /** `0.0.0.0` and `::` for every address. */
  hostAddress: string;
  hostPort: number;
}

/** A container's place on the bridge. */
export interface NetworkEndpoint {
  address: string;
  prefixLength: number;
  gateway: string;
  /** `02:42:…` */
  macAddress: string;
  ports: readonly PublishedPort[];
}

export interface NetworkAttachment {
  namespacePath: string | 'host';
  /** On a bridge only. */
  endpoint?: NetworkEndpoint;
}

/** What the provider has to remember across crashes; each call is durable when it returns. */
export interface EndpointRecords {
  all(): readonly { containerId: string; endpoint: NetworkEndpoint }[];
  find(containerId: string): NetworkEndpoint | undefined;
  put(containerId: string, endpoint: NetworkEndpoint): void;
  remove(containerId: string): void;
  /** Address and prefix of the bridge, `172.30.0.1/16`, once it was chosen. */
  bridge(): string | undefined;
  setBridge(address: string): void;
}
