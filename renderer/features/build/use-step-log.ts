import { useEffect, useState } from 'react';
import type { BuildLogLine, BuildStep } from '../../../electron/bridge/builds.ts';
import { openStream } from '../../host/bridge-client.ts';

/** The output of a step, from its first line on, as the step wrote it. */
export function useStepLog(build: string, step: BuildStep | undefined): readonly BuildLogLine[] {
  const [lines, setLines] = useState<readonly BuildLogLine[]>([]);
  const number = step?.number;
  const isBegun = step !== undefined && step.startedAt !== undefined && !step.cached;
  useEffect(() => {
    setLines([]);
    if (number === undefined || !isBegun) return;
    return openStream(
      'builds.log',
      { id: build, step: number },
      {
        onItems: (items) => setLines((known) => [...known, ...items]),
        // the page shows what came; why no more comes is told by the build itself
        onEnd: () => {},
      },
    );
  }, [build, number, isBegun]);
  return lines;
}
