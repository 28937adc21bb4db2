import { useEffect, useState } from 'react';
import type { BuildLogLine, BuildStep } from '../../../electron/bridge/builds.ts';
import { openStream } from '../../host/bridge-client.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken away
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;

const plain = (line: BuildLogLine): BuildLogLine =>
  'dropped' in line ? line : { ...line, text: line.text.replaceAll(escapes, '') };

/** The output of a step, from its first line on, without colours. */
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
        onItems: (items) => setLines((known) => [...known, ...items.map(plain)]),
        // the page shows what came; why no more comes is told by the build itself
        onEnd: () => {},
      },
    );
  }, [build, number, isBegun]);
  return lines;
}
