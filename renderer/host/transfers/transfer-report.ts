import type { Transfer, TransferNote } from '../../../electron/bridge/transfers.ts';
import { registryOf } from '../references.ts';
import { askedLines } from './transfer-figures.ts';

/** The host that a login is missing for, when that is why it failed. */
export function missingLogin({ log, error, reference, state }: Transfer): string | undefined {
  if (state !== 'failed') return undefined;
  const isRefused = (note: TransferNote) =>
    note.role === 'upstream' && (note.status === 401 || note.status === 403 || note.reason === 'image.pull-denied');
  const denied = error?.reason === 'image.pull-denied' || error?.reason === 'registry.login-failed';
  return denied || log.some(isRefused) ? registryOf(reference) : undefined;
}

const lineOf = ({ at, endpoint, role, what, digest, event, status, took, bytes, message }: TransferNote) =>
  [
    new Date(at).toISOString(),
    event,
    what,
    ...(digest ? [digest] : []),
    `${endpoint} (${role})`,
    ...(status === undefined ? [] : [String(status)]),
    ...(took === undefined ? [] : [`${took} ms`]),
    ...(bytes === undefined ? [] : [`${bytes} bytes`]),
    ...(message ? [message] : []),
  ].join(' ');

/** Everything that somebody who helps would ask for, in English, as text. */
export function reportOf(transfer: Transfer): string {
  const { kind, reference, platform, state, digest, error, log } = transfer;
  return [
    `${kind} ${reference}${platform ? ` ${platform}` : ''}: ${state}`,
    ...(digest ? [`digest: ${digest}`] : []),
    ...(error ? [`error: ${error.message}${error.reason ? ` (${error.reason})` : ''}`] : []),
    ...askedLines(log).map(({ note, times }) => `${lineOf(note)}${times > 1 ? ` (${times} times)` : ''}`),
  ].join('\n');
}
