import type { Http2Session, Settings } from 'node:http2';

/** Bytes that may be under way: of one stream, and of a connection. A context comes in messages of 32 KB. */
export const settings: Settings = { initialWindowSize: 4 << 20, maxFrameSize: 1 << 20 };
const connectionWindow = 16 << 20;

/** To be called when the session is there. */
export function widen(session: Http2Session & { setLocalWindowSize(size: number): void }): void {
  if (!session.destroyed) session.setLocalWindowSize(connectionWindow);
}
