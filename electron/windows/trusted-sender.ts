import { origin } from './app-protocol.ts';

/** What a sender of IPC is known by. */
export interface Sender {
  readonly contentsId: number;
  /** Null once the frame is gone. */
  readonly frame: { readonly url: string; readonly parent: unknown } | null;
}

/** Only the top frame of our own window, while it shows our own page, is listened to. */
export function isTrusted({ contentsId, frame }: Sender, ownContentsId: number | undefined): boolean {
  return contentsId === ownContentsId && frame !== null && frame.parent === null && frame.url.startsWith(`${origin}/`);
}
