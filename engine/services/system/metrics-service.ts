/** What the engine counts of itself since its start. */
export interface EngineMetrics {
  healthChecks(): { all: number; failed: number };
  events(): number;
  /** Answered requests by status. */
  answers(): ReadonlyMap<number, number>;
  /** A health check has ended. */
  checked(well: boolean): void;
  told(): void;
  answered(status: number): void;
}
