import type { LogLine } from '../../../electron/bridge/containers.ts';
import { plainText } from '../../ui/ansi-sequences.ts';

/** The end of a log: grows at its end, and loses its oldest tenth when it is full. */
export interface LogBuffer {
  /** Oldest first. The same array over time; read it anew after every append. */
  readonly lines: readonly LogLine[];
  /** How many of the oldest lines were let go. */
  readonly dropped: number;
  append: (lines: readonly LogLine[]) => void;
}

export function createLogBuffer(limit: number): LogBuffer {
  const lines: LogLine[] = [];
  let dropped = 0;
  return {
    lines,
    get dropped() {
      return dropped;
    },
    append: (more) => {
      for (const line of more) lines.push(line);
      if (lines.length <= limit) return;
      const surplus = lines.length - Math.floor(limit * 0.9);
      lines.splice(0, surplus);
      dropped += surplus;
    },
  };
}

/** Lines found so far, continued instead of repeated while a log grows. */
export interface LogSearch {
  /** Indexes into the buffer's lines, ascending. */
  update: (buffer: LogBuffer, query: string) => readonly number[];
}

export function createLogSearch(): LogSearch {
  let hits: number[] = [];
  let upTo = 0;
  let dropped = 0;
  let searched = '';
  return {
    update: (buffer, query) => {
      const wanted = query.toLowerCase();
      if (wanted !== searched || buffer.dropped !== dropped || upTo > buffer.lines.length) {
        hits = [];
        upTo = 0;
        dropped = buffer.dropped;
        searched = wanted;
      }
      if (wanted === '') return hits;
      const more: number[] = [];
      for (; upTo < buffer.lines.length; upTo += 1) {
        if (
          plainText(buffer.lines[upTo]?.text ?? '')
            .toLowerCase()
            .includes(wanted)
        )
          more.push(upTo);
      }
      if (more.length > 0) hits = [...hits, ...more];
      return hits;
    },
  };
}
