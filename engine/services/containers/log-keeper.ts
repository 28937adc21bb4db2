import path from 'node:path';
import { EngineError, messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Collector } from '../../drivers/logs/collectors/collector.ts';
import { type Forwarding, forwardLog } from '../../drivers/logs/forward-log.ts';
import { type LogRotator, startRotator } from '../../drivers/logs/log-rotator.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { forwards, type LogPlan, planLog } from './log-config.ts';
import { hasProcess } from './state-machine.ts';
import { createSupervisor, type Supervisor, type SupervisorDependencies } from './supervisor.ts';

/** Keeps the logs of the containers that run within their limits, and forwards those that are to be forwarded. */
export interface LogKeeper {
  /**
   * Before a start. @throws EngineError in Docker's words (`failed to initialize logging driver`): wrong options, or a
   * collector that does not answer.
   */
  prepare(record: ContainerRecord): Promise<void>;
  /** It runs, or it has something to forward from before. */
  keep(record: ContainerRecord): void;
  /** It has ended. */
  ended(id: string): void;
  /** It is removed, with its files; what is read already is still forwarded. */
  forget(id: string): void;
  /** Resolves when it is noted how far each log was forwarded. */
  close(): Promise<void>;
}

export interface KeeperDependencies {
  paths: ContainerPaths;
  log: Log;
}

interface Kept {
  /** Of its rotator, when it has ended. */
  ending?: Promise<void>;
  rotator?: LogRotator;
  forwarding?: Forwarding;
  end(): void;
}

const firstRetry = 100;

/** Begins to keep one log. @param open the connection that was made for its start */
function beginToKeep(
  { paths, log }: KeeperDependencies,
  record: ContainerRecord,
  { plan, open }: { plan: LogPlan; open: Collector | undefined },
): Kept {
  const { id, fixed } = record;
  const { logOptions } = fixed.hostConfig;
  const file = paths.log(id);
  const runs = hasProcess(record.state);
  let end = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  if (!runs) end();
  const forwarding =
    plan.collector &&
    forwardLog({
      file,
      positionFile: path.join(paths.directory(id), 'forwarded.json'),
      collector: open ?? plan.collector.create(logOptions, plan.source),
      isOpen: open !== undefined,
      ...{ bufferBytes: plan.bufferBytes, blocking: plan.blocking, until, log },
      retryAfter: plan.collector.retryAfter?.(logOptions) ?? firstRetry,
    });
  const control = path.join(paths.bundle(id), 'ctl');
  const rotator = plan.limits && runs ? startRotator({ file, control, limits: plan.limits, log }) : undefined;
  return { end, ...(rotator && { rotator }), ...(forwarding && { forwarding }) };
}

export function createLogKeeper(dependencies: KeeperDependencies): LogKeeper {
  const { log } = dependencies;
  const prepared = new Map<string, Collector>();
  const kept = new Map<string, Kept>();
  const takePrepared = (id: string) => {
    const collector = prepared.get(id);
    prepared.delete(id);
    return collector;
  };

  return {
    async prepare(record) {
      const { id, fixed } = record;
      let collector: Collector | undefined;
      try {
        const plan = planLog(record);
        // what is left of the run before is this one's
        takePrepared(id)?.close();
        await kept.get(id)?.ending;
        await kept.get(id)?.forwarding?.close();
        collector = plan.collector?.create(fixed.hostConfig.logOptions, plan.source);
        if (!collector || plan.collector?.startsWithout?.(fixed.hostConfig.logOptions)) return;
        await collector.open();
        prepared.set(id, collector);
      } catch (error) {
        collector?.close();
        const message = `failed to create task for container: failed to initialize logging driver: ${messageOf(error)}`;
        throw new EngineError('internal', message, { cause: error });
      }
    },
    keep(record) {
      try {
        if (!hasProcess(record.state) && !forwards(record.fixed.hostConfig)) return;
        const parts = { plan: planLog(record), open: takePrepared(record.id) };
        kept.set(record.id, beginToKeep(dependencies, record, parts));
      } catch (error) {
        // the options were right when it was started
        log.error('the log of a container cannot be kept', { id: record.id, error });
      }
    },
    ended(id) {
      const one = kept.get(id);
      if (!one) return;
      one.end();
      if (one.rotator) one.ending = one.rotator.end();
    },
    forget(id) {
      takePrepared(id)?.close();
      const one = kept.get(id);
      kept.delete(id);
      one?.end();
      one?.rotator?.close();
      one?.forwarding?.finish();
    },
    async close() {
      for (const collector of prepared.values()) collector.close();
      await Promise.all(
        [...kept.values()].map(async ({ rotator, forwarding }) => {
          rotator?.close();
          await forwarding?.close();
        }),
      );
    },
  };
}

/** A supervisor: whoever is watched has its log kept, from the same moments on. */
export function keepingLogs(logs: LogKeeper, store: ContainerStore, dependencies: SupervisorDependencies): Supervisor {
  const supervisor = createSupervisor({
    ...dependencies,
    async onExit(id, exit) {
      logs.ended(id);
      await dependencies.onExit(id, exit);
    },
  });
  return {
    ...supervisor,
    watch(id) {
      supervisor.watch(id);
      logs.keep(store.resolve(id));
    },
  };
}
