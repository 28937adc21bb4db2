import type { Http2Session, Settings } from 'node:http2';
import type { Duplex } from 'node:stream';

/** Bytes that may be under way: of one stream, and of a connection. A context comes in messages of 32 KB. */
export const settings: Settings = { initialWindowSize: 4 << 20, maxFrameSize: 1 << 20 };
const connectionWindow = 16 << 20;

/** To be called when the session is there. */
export function widen(session: Http2Session & { setLocalWindowSize(size: number): void }): void {
  if (!session.destroyed) session.setLocalWindowSize(connectionWindow);
}

/** A socket of an HTTP server stays half open: where there is no room to write, nothing but its end tells that nobody reads. */
export function endWith(session: Http2Session, socket: Duplex): void {
  socket.once('end', () => session.destroy());
}
