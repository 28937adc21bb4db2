import path from 'node:path';
import type { BootMemo } from '../../base/boot-memo.ts';
import { type EngineError, toEngineError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { requireProgram } from '../../base/program-file.ts';
import { createAttachHub } from './attach-hub.ts';
import { type Cgroups, createCgroups } from './cgroups.ts';
import { type ConfiguredRuntime, defaultFirst, lookForRuntimes } from './configured-runtimes.ts';
import { createConmonRuntime } from './conmon-runtime.ts';
import { type CheckRunner, createCheckRunner } from './exec-check.ts';
import { openExitFiles } from './exit-files.ts';
import { probeRuntimes, rememberedVersion, usableRuntimes } from './probe-runtimes.ts';
import { createStepRunner, type StepRunner } from './run-step.ts';
import type { Runtime } from './runtime.ts';
import type { RuntimeProgram } from './runtime-program.ts';
import { programToCall } from './sealed-program.ts';

export interface RuntimesOptions {
  runRoot: string;
  dataRoot: string;
  memo: BootMemo;
  log: Log;
}

/** What the configuration says of them. */
export interface RuntimeWishes {
  runtimes: readonly ConfiguredRuntime[];
  /** Chosen by probing when absent. */
  defaultRuntime: string | undefined;
}

/** The OCI runtimes of this host. */
export interface Runtimes {
  /** Those that new containers may have, the default first. */
  programs(): readonly RuntimeProgram[];
  /** By name, also those that are configured no more and may have a container yet. */
  runtimes: ReadonlyMap<string, Runtime>;
  checkRunners: ReadonlyMap<string, CheckRunner>;
  /** Of the default runtime; undefined where there is none. */
  stepRunner(): StepRunner | undefined;
  conmonVersion: string;
  cgroups: Cgroups;
  /** Why none can be used. */
  problem: EngineError | undefined;
  /**
   * Looks for those that are configured now. @returns what makes them count
   * @throws EngineError `invalid` for a default that is not there: then nothing has changed
   */
  look(wishes: RuntimeWishes): Promise<() => void>;
  close(): void;
}

/** @throws EngineError `invalid` for a default runtime that is not there: a mistake of the configuration, not of the host. */
export async function openRuntimes(options: RuntimesOptions, wishes: RuntimeWishes): Promise<Runtimes> {
  const { runRoot, dataRoot, memo } = options;
  const exits = openExitFiles(path.join(runRoot, 'exits'));
  const attachments = createAttachHub({ runRoot, limits: { spoolDirectory: dataRoot } });
  const cgroups = createCgroups();
  const close = () => {
    attachments.close();
    exits.close();
  };
  try {
    const conmon = requireProgram('conmon');
    const found = usableRuntimes(await probeRuntimes(memo));
    const open = (program: RuntimeProgram) =>
      createConmonRuntime({ runRoot, conmon, program, exits, cgroups, attachments });
    const known = createKnown(options, found, open);
    (await known.look(wishes))();
    const stepRunner = () => {
      const [program] = known.programs();
      return program && createStepRunner({ runRoot, program: programToCall(program), cgroups });
    };
    const conmonVersion = await rememberedVersion(conmon, memo);
    return { ...known, stepRunner, conmonVersion, cgroups, problem: undefined, close };
  } catch (error) {
    const problem = toEngineError(error);
    if (problem.code === 'invalid') throw problem;
    const none = { programs: () => [], runtimes: new Map(), checkRunners: new Map(), conmonVersion: '' };
    const stepRunner = () => undefined;
    return { ...none, stepRunner, cgroups, problem, look: async () => () => {}, close };
  }
}

function createKnown(
  { runRoot, log }: RuntimesOptions,
  found: readonly RuntimeProgram[],
  open: (program: RuntimeProgram) => Runtime,
): Pick<Runtimes, 'programs' | 'runtimes' | 'checkRunners' | 'look'> {
  const runtimes = new Map<string, Runtime>();
  const checkRunners = new Map<string, CheckRunner>();
  let programs: readonly RuntimeProgram[] = [];
  const use = (program: RuntimeProgram) => {
    const called = programToCall(program);
    runtimes.set(program.name, open(called));
    checkRunners.set(program.name, createCheckRunner({ runRoot, program: called }));
  };
  return {
    programs: () => programs,
    runtimes,
    checkRunners,
    async look({ runtimes: configured, defaultRuntime }) {
      const further = await lookForRuntimes(configured);
      for (const { name, why } of further.refused) log.warn('a configured runtime cannot be used', { name, why });
      const next = defaultFirst([...found, ...further.programs], defaultRuntime);
      return () => {
        const isSame = (one: RuntimeProgram, other: RuntimeProgram | undefined) =>
          JSON.stringify(one) === JSON.stringify(other);
        const changed = next.filter(
          (one) =>
            !isSame(
              one,
              programs.find(({ name }) => name === one.name),
            ),
        );
        for (const program of changed) use(program);
        programs = next;
      };
    },
  };
}
