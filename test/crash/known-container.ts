import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What the driver knows of one container that it asked for: what was promised to it, and what may have happened. */
export interface KnownContainer {
  /** In the label `crash.key`, and the name of its diary. */
  key: string;
  /** Told by the engine, or found after a crash by its label. */
  id: string | undefined;
  kind: Kind;
  /** Of one that ends by itself. */
  exitCode: number;
  autoRemove: boolean;
  hostPort: number | undefined;
  /** The name that its image was asked for by. */
  image: string;
  /** The named volume that it has. */
  volume: string | undefined;
  health: Health | undefined;
  /** The create was answered. */
  promised: boolean;
  /** A start was asked for, by us or by the restart policy that it was given. */
  mayHaveStarted: boolean;
  /** A signal, stop, restart or removal was asked for: its processes may have been ended. */
  mayHaveBeenEnded: boolean;
  /** A client asked for it to be paused. */
  mayHaveBeenPaused: boolean;
  removal: 'not-asked' | 'asked' | 'promised';
  /** What was copied to it: path -> content. */
  copied: Map<string, string>;
  /** Paths of `copied` that no look has seen yet. */
  unseen: Set<string>;
}

/** What its health check says, each time. */
export type Health = 'healthy' | 'unhealthy';

/** One that goes on until it is ended, one that goes on and ends at SIGTERM with 0, one that ends by itself. */
export type Kind = 'goes-on' | 'obeys' | 'ends';

/**
 * The container's command. Every line goes to standard output first, then into the volume where there is one, then into
 * the diary, a file on the host: what the diary has, log and volume must have, and at most one line more for each run.
 */
export function commandOf({ key, kind, exitCode }: KnownContainer, lines: number): string[] {
  const diary = `/diaries/${key}`;
  const begin = `r=$(grep -c ^run ${diary} 2>/dev/null); r=$((r+1)); echo "run $r" >> ${diary}; n=0`;
  const volume = `v=/dev/null; if [ -d /data ]; then v=/data/${key}; fi`;
  const line = `n=$((n+1)); echo "$r.$n"; echo "$r.$n" >> $v; echo "$r.$n" >> ${diary}`;
  const trap = kind === 'obeys' ? `trap 'echo "exit 0" >> ${diary}; exit 0' TERM; ` : '';
  const script =
    kind === 'ends'
      ? `${volume}; ${begin}; while [ $n -lt ${lines} ]; do ${line}; done; sleep 0.${lines % 10}; echo "exit ${exitCode}" >> ${diary}; exit ${exitCode}`
      : `${trap}${volume}; ${begin}; while :; do ${line}; sleep 0.2; done`;
  return ['sh', '-c', script];
}

export interface Diary {
  /** Number of the last line of each run, by the number of the run from 1. */
  runs: number[];
  /** The exit that the last run was about to take. */
  exit: number | undefined;
}

export function readDiary(folder: string, key: string): Diary {
  const file = path.join(folder, key);
  const runs: number[] = [];
  let exit: number | undefined;
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []) {
    const [word = '', number] = line.split(' ');
    if (word === 'run') {
      runs[Number(number) - 1] = 0;
      exit = undefined;
    } else if (word === 'exit') exit = Number(number);
    else {
      const [run = 0, last = 0] = word.split('.').map(Number);
      runs[run - 1] = last;
    }
  }
  return { runs, exit };
}

/** What is wrong with the lines that a container wrote, in its log or its volume, in words; empty: nothing. */
export function compareLog(log: string, { runs }: Diary): string[] {
  const seen: number[] = [];
  for (const line of log.split('\n').filter(Boolean)) {
    const [run = 0, number = 0] = line.split('.').map(Number);
    const before = seen[run - 1] ?? 0;
    if (number !== before + 1) return [`after line ${before} of run ${run} there is ${JSON.stringify(line)}`];
    seen[run - 1] = number;
  }
  return runs.flatMap((last, index) => {
    const found = seen[index] ?? 0;
    if (found === last || found === last + 1) return [];
    return [`there are ${found} lines of run ${index + 1}, in its diary ${last}`];
  });
}
