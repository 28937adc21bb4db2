/** How a container was found; Docker's Health. */
export interface Health {
  status: 'starting' | 'healthy' | 'unhealthy';
  failingStreak: number;
  /** The last five, oldest first. */
  log: readonly HealthResult[];
}

export interface HealthResult {
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  /** -1 when the check could not run to its end. */
  exitCode: number;
  /** Both streams, the first 4096 bytes. */
  output: string;
}
