import { EngineError } from '../base/errors.ts';

/** Docker's, where a client names none. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q';

export interface DetachKeys {
  /** What of `chunk` goes to the container; `detached` once the sequence was typed. A begun sequence is held back. */
  read(chunk: Buffer): { data: Buffer; detached: boolean };
}

/**
 * Codes of `a`, `ctrl-a` … `ctrl-z`, `ctrl-@`, `ctrl-[`, `ctrl-\`, `ctrl-]`, `ctrl-^`, `ctrl-_` (moby `term.ToBytes`).
 * @throws EngineError `invalid` (`request.invalid`) in Docker's words.
 */
function codeOf(key: string, noun: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
  if (control) return control.toUpperCase().charCodeAt(0) & 0x1f;
  if (key.length === 1) return key.charCodeAt(0);
  throw new EngineError('invalid', `Invalid ${noun} keys (${key}) provided`, { reason: 'request.invalid' });
}

/** Watches typed input for the comma separated sequence by which a person leaves a terminal. */
export function createDetachKeys(sequence: string, noun: 'detach' | 'escape' = 'detach'): DetachKeys {
  const keys = Buffer.from(sequence.split(',').map((key) => codeOf(key, noun)));
  let matched = 0;
  return {
    read(chunk) {
      const out: number[] = [];
      for (const byte of chunk) {
        if (byte !== keys[matched]) {
          out.push(...keys.subarray(0, matched));
          matched = 0;
        }
        if (byte === keys[matched]) matched += 1;
        else out.push(byte);
        if (matched === keys.length) return { data: Buffer.from(out), detached: true };
      }
      return { data: Buffer.from(out), detached: false };
    },
  };
}
