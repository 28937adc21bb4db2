import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitUntil } from '../wait-until.ts';

type Command = 'create' | 'start' | 'delete' | 'exec' | 'state';
export type Fault = `${'fail' | 'hang' | 'wait'}-${Command}` | 'conmon' | 'fifo';

/** Runtimes and conmon that do as the real ones, until they are told to fail. */
export interface FaultyPrograms extends Disposable {
  /** Put before PATH. */
  readonly folder: string;
  /**
   * From now on this command of the runtimes fails, or hangs until its process is ended, or waits until it is mended; conmon is
   * ended at once; `fifo`: it is gone after a create.
   */
  break(what: Fault): void;
  mend(): void;
  /** Pid of a program that hangs. */
  hanging(): Promise<number>;
}

const runtime = (real: string, faults: string) => `#!/bin/sh
F=${faults}
command=
for word; do
  case $word in
    --root=*) root=\${word#--root=} ;;
    create|start|delete|exec|state) command=$word; break ;;
  esac
done
if [ -e $F/fail-$command ]; then echo "this runtime does not want to $command" >&2; exit 1; fi
if [ -e $F/hang-$command ]; then echo $$ > $F/pid; exec sleep 1000; fi
if [ -e $F/wait-$command ]; then echo $$ > $F/pid; while [ -e $F/wait-$command ]; do sleep 0.05; done; fi
if [ "$command" = create ] && [ -e $F/fifo ]; then
  ${real} "$@" || exit
  rm -f $root/*/exec.fifo
  exit
fi
exec ${real} "$@"
`;

const conmon = (faults: string) => `#!/bin/sh
case " $* " in *" -c "*) if [ -e ${faults}/conmon ]; then kill -KILL $$; fi ;; esac
exec /usr/bin/conmon "$@"
`;

export function makeFaultyPrograms(): FaultyPrograms {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-faulty-'));
  const [folder, faults] = [path.join(root, 'bin'), path.join(root, 'faults')];
  mkdirSync(folder);
  mkdirSync(faults);
  const programs = {
    crun: runtime('/usr/bin/crun', faults),
    runc: runtime('/usr/sbin/runc', faults),
    conmon: conmon(faults),
  };
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(path.join(folder, name), script);
    chmodSync(path.join(folder, name), 0o755);
  }
  const pidFile = path.join(faults, 'pid');
  return {
    folder,
    break: (what) => writeFileSync(path.join(faults, what), ''),
    mend() {
      rmSync(faults, { recursive: true });
      mkdirSync(faults);
    },
    hanging: () =>
      waitUntil('it hangs', () => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8').trim() || 'x') > 0).then(
        () => Number(readFileSync(pidFile, 'utf8')),
      ),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}
