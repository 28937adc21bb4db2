import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { openStream } from '../../host/bridge-client.ts';
import { createLogBuffer, type LogBuffer } from './log-buffer.ts';

/** Lines kept, and lines asked for at first. */
const LIMIT = 200_000;
const TAIL = 10_000;
/** Lines arrive in bursts: the page is drawn at most this often, in milliseconds. */
const DRAW_EVERY = 50;

export interface LogStream {
  buffer: LogBuffer;
  /** Changes whenever the buffer has changed. */
  version: number;
  phase: 'waiting' | 'live' | 'ended' | 'failed';
  failure: Failure | undefined;
  again: () => void;
}

/** Follows a container's log. `run` changes when the container starts anew: its log is then read again. */
export function useLogStream(id: string, run: string): LogStream {
  const buffer = useRef(createLogBuffer(LIMIT));
  const [version, setVersion] = useState(0);
  const [end, setEnd] = useState<{ failure: Failure | undefined }>();
  const [arrived, setArrived] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const own = createLogBuffer(LIMIT);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      buffer.current = own;
      setVersion((old) => old + 1);
    };
    setEnd(undefined);
    const leave = openStream(
      'containers.logs',
      { id, follow: true, tail: TAIL },
      {
        onItems: (lines) => {
          own.append(lines);
          setArrived(true);
          timer ??= setTimeout(draw, DRAW_EVERY);
        },
        onEnd: (failure) => {
          clearTimeout(timer);
          draw();
          setEnd({ failure });
        },
      },
    );
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [id, run, attempt]);
  const again = useCallback(() => setAttempt((old) => old + 1), []);
  const phase = end ? (end.failure ? 'failed' : 'ended') : arrived ? 'live' : 'waiting';
  return { buffer: buffer.current, version, phase, failure: end?.failure, again };
}
