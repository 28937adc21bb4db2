/** What is remembered of an endpoint, a mirror or a registry: also over restarts. */
export interface EndpointHealth {
  /** As `endpointText` writes it: `https://mirror.example/project`. */
  endpoint: string;
  /** In a row. */
  failures: number;
  lastFailure?: EndpointFailure;
  /** Milliseconds since the epoch, as all times here. */
  lastSuccess?: number;
  /** Until the answer begins; milliseconds, of the last requests. */
  latency?: number;
  /** Bytes per second, of the last larger blobs. */
  speed?: number;
  /** Until then it is passed over while another one can be asked. */
  sickUntil?: number;
  /** Blobs that it was asked for, and those that it gave wholly or in part; since it is known. */
  asked: number;
  served: number;
}

export interface EndpointFailure {
  at: number;
  reason: string;
  params: Readonly<Record<string, string | number>>;
  /** In English words. */
  message: string;
}
