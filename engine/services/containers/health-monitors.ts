import { randomBytes } from 'node:crypto';
import { messageOf, toEngineError } from '../../base/errors.ts';
import type { HealthCheck } from '../../base/health-config.ts';
import type { Log } from '../../base/log.ts';
import type { CheckProcess, CheckRunner } from '../../drivers/oci/exec-check.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore, Happened } from './container-store.ts';
import { afterCheck, commandOfCheck, healthAfter, intervalOf, timeoutOf } from './health-check.ts';
import type { Health, HealthResult } from './health-service.ts';
import { furtherEnvironment } from './link-environment.ts';
import { ranFor } from './ran-for.ts';

export interface HealthDependencies {
  store(): ContainerStore;
  /** By the name of the runtime that holds the container. */
  runnerOf(record: ContainerRecord): CheckRunner;
  /** After each check. */
  checked(well: boolean): void;
  log: Log;
}

/** Looks after the health of the containers that run. */
export interface HealthMonitors {
  /** After a change of the record, and once for those that ran before this engine: begins or ends what is due. */
  look(record: ContainerRecord): void;
  /** What the change of a record to `state` makes of its health. */
  after(record: ContainerRecord, state: ContainerRecord['state']): Health | undefined;
  /** Ends every check; what is known stays in the records. */
  close(): void;
}

interface Monitored {
  check: HealthCheck;
  command: readonly string[];
  /** How long the container has run, milliseconds. */
  ran(): number;
  process: CheckProcess;
  timer: NodeJS.Timeout | undefined;
  closed: boolean;
}

const newId = () => randomBytes(32).toString('hex');
const checkOf = ({ fixed: { config } }: ContainerRecord) => commandOfCheck(config.healthCheck, config.shell);

export function createHealthMonitors(dependencies: HealthDependencies): HealthMonitors {
  const { store, log } = dependencies;
  const monitored = new Map<string, Monitored>();
  let closed = false;

  const plan = (id: string, one: Monitored, milliseconds: number) => {
    one.timer = setTimeout(() => void next(id, one), milliseconds);
  };
  const next = async (id: string, one: Monitored) => {
    await checkOnce(dependencies, id, one).catch((error) => {
      // of a disk that is full, or a container that goes
      log.warn('the health of a container could not be told', { id, error });
    });
    if (one.closed) return;
    plan(id, one, intervalOf(one.check, store().find(id)?.status.health, one.ran()));
  };
  const end = (id: string, one: Monitored) => {
    one.closed = true;
    clearTimeout(one.timer);
    monitored.delete(id);
    one.process.close();
  };
  return {
    look(record) {
      const { id, state, status } = record;
      const existing = monitored.get(id);
      const command = state === 'running' && !closed ? checkOf(record) : undefined;
      if (!command) {
        if (existing) end(id, existing);
        return;
      }
      if (existing) return;
      const one = begin(dependencies, record, command);
      if (!one) return;
      monitored.set(id, one);
      plan(id, one, firstDelay(one, status.health));
    },
    after: (record, state) =>
      checkOf(record) ? healthAfter({ state: record.state, health: record.status.health }, state) : undefined,
    close() {
      closed = true;
      for (const [id, one] of [...monitored]) end(id, one);
    },
  };
}

/** An interval after the start; of what ran before this engine, after its last check. */
function firstDelay({ check, ran }: Monitored, health: Health | undefined): number {
  const now = Date.now();
  const interval = intervalOf(check, health, ran());
  const last = Math.max(now - ran(), health?.log.at(-1)?.end ?? 0);
  return Math.min(interval, Math.max(0, last + interval - now));
}

function begin(
  { store, runnerOf, log }: HealthDependencies,
  record: ContainerRecord,
  command: readonly string[],
): Monitored | undefined {
  const { id, fixed, status } = record;
  const { config } = fixed;
  if (!config.healthCheck) return undefined;
  try {
    const process = runnerOf(record).open({
      id,
      execId: newId(),
      args: command,
      environment: furtherEnvironment(record, store().lookUp),
      workingDirectory: config.workingDirectory ?? '/',
    });
    const ran = () => ranFor(status, Date.now());
    return { check: config.healthCheck, command, ran, process, timer: undefined, closed: false };
  } catch (error) {
    log.error('the health of a container cannot be looked after', { id, error });
    return undefined;
  }
}

async function checkOnce({ store, checked, log }: HealthDependencies, id: string, one: Monitored): Promise<void> {
  const { check, command, process } = one;
  const attributes = { execID: newId() };
  // moby's: program, space, arguments
  const [program = '', ...args] = command;
  const words = `${program} ${args.join(' ')}`;
  store().tell(id, { action: `exec_create: ${words}`, attributes }, { action: `exec_start: ${words}`, attributes });
  const [start, ranMilliseconds] = [Date.now(), one.ran()];
  const timeout = timeoutOf(check);
  let told: readonly Happened[] = [];
  let result: HealthResult;
  try {
    const { exitCode, output, truncated } = await process.run(timeout);
    const said = output + (truncated ? '...' : '');
    const late = `Health check exceeded timeout (${goDuration(timeout)})${said && `: ${said}`}`;
    told = [{ action: 'exec_die', attributes: { ...attributes, exitCode: String(exitCode ?? 137) } }];
    result = { start, end: Date.now(), exitCode: exitCode ?? -1, output: exitCode === undefined ? late : said };
  } catch (error) {
    if (one.closed) return;
    log.warn('a health check could not be run', { id, error });
    result = { start, end: Date.now(), exitCode: -1, output: messageOf(toEngineError(error)) };
  }
  checked(result.exitCode === 0);
  const record = store().find(id);
  if (!record) return;
  // what the container's stop or pause has ended says nothing of its health
  if (one.closed) return store().tell(id, ...told);
  const health = afterCheck(record.status.health, result, { check, ranMilliseconds });
  const changed = health.status !== record.status.health?.status;
  store().note(id, { health }, ...told, ...(changed ? [{ action: `health_status: ${health.status}` }] : []));
}

/** As Go prints a duration: `1m30s`, `1.5s`, `200ms`. */
function goDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const seconds = milliseconds / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${Number((seconds % 60).toFixed(9))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
