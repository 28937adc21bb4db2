import { useEffect, useState } from 'react';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { InspectedContainer } from '../../../electron/bridge/stats.ts';
import { openStream } from '../../host/bridge-client.ts';

export interface Inspected {
  /** The container as last told. */
  value: InspectedContainer | undefined;
  failure: Failure | undefined;
  again: () => void;
}

/** The container's inspection, renewed whenever it changes. */
export function useInspected(id: string): Inspected {
  const [value, setValue] = useState<InspectedContainer>();
  const [failure, setFailure] = useState<Failure>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setFailure(undefined);
    return openStream('containers.inspect', { id }, { onItems: (items) => setValue(items.at(-1)), onEnd: setFailure });
  }, [id, attempt]);
  return { value, failure, again: () => setAttempt((old) => old + 1) };
}
