import { app, type IpcMainInvokeEvent, type Session } from 'electron';
import { mayLoad } from './app-protocol.ts';
import type { Sender } from './trusted-sender.ts';

/** The sender of an IPC event. */
export function senderOf({ sender, senderFrame }: IpcMainInvokeEvent): Sender {
  return { contentsId: sender.id, frame: senderFrame };
}

/** Whatever contents come to be: they go nowhere else, open nothing and attach nothing. */
export function guardContents(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-frame-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** Nothing is loaded but our own files: a second wall behind the page's content security policy. */
export function guardRequests(session: Session): void {
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !mayLoad(url) }));
}

/** No page gets a permission, except to put text into the clipboard. */
export function guardPermissions(session: Session): void {
  const allowed = (permission: string) => permission === 'clipboard-sanitized-write';
  session.setPermissionRequestHandler((_, permission, answer) => answer(allowed(permission)));
  session.setPermissionCheckHandler((_, permission) => allowed(permission));
  session.setDevicePermissionHandler(() => false);
}
