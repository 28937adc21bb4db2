import { StringDecoder } from 'node:string_decoder';
import type { LogChunk } from '../../engine/compose/docker-host.ts';
import type { LogLine } from '../bridge/containers.ts';

/** An unfinished line is given out when it grows beyond this many characters. */
const MAX_LINE = 1_048_576;
/** RFC 3339 with up to nine digits after the second, as Docker writes it with `timestamps=1`. */
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) /;

/** Puts the pieces of a log together to lines, each stream by itself. */
export interface LogLines {
  push(chunk: LogChunk): LogLine[];
  /** What was left without a line end. */
  end(): LogLine[];
}

interface Pending {
  readonly decoder: StringDecoder;
  text: string;
}

/** Makes an empty one. A long line comes in pieces that each begin with a time of their own: those are taken out. */
export function createLogLines(): LogLines {
  const pending = new Map<LogChunk['stream'], Pending>();

  const toLine = (stream: LogChunk['stream'], raw: string): LogLine => {
    const time = stamp.exec(raw)?.[1] ?? '';
    const text = time === '' ? raw : raw.slice(time.length + 1);
    return { time, stream, text: text.endsWith('\r') ? text.slice(0, -1) : text };
  };

  return {
    push(chunk) {
      const state = pending.get(chunk.stream) ?? { decoder: new StringDecoder('utf8'), text: '' };
      pending.set(chunk.stream, state);
      let fresh = state.decoder.write(chunk.data);
      if (state.text !== '') fresh = fresh.replace(stamp, '');
      const parts = (state.text + fresh).split('\n');
      state.text = parts.pop() ?? '';
      if (state.text.length > MAX_LINE) {
        parts.push(state.text);
        state.text = '';
      }
      return parts.map((raw) => toLine(chunk.stream, raw));
    },
    end() {
      const lines: LogLine[] = [];
      for (const [stream, state] of pending) {
        const text = state.text + state.decoder.end();
        if (text !== '') lines.push(toLine(stream, text));
      }
      pending.clear();
      return lines;
    },
  };
}
