import { randomUUID } from 'node:crypto';
import { type IpcMainEvent, type IpcMainInvokeEvent, ipcMain, MessageChannelMain } from 'electron';
import type { BridgeServer } from '../bridge/bridge-server.ts';
import type { Outcome } from '../bridge/failure.ts';
import { senderOf } from './guards.ts';
import { isTrusted } from './trusted-sender.ts';

const refused: Outcome<never> = {
  ok: false,
  failure: { code: 'forbidden', message: 'This page may not ask.', params: {} },
};

export interface IpcParts {
  readonly server: BridgeServer;
  /** Id of our window. */
  readonly ownContents: () => number | undefined;
  /** Told the place of what a user has dropped on it. */
  readonly dropped: (place: string) => void;
}

/** Connects the bridge to Electron. Each message is checked for who sent it. */
export function connectIpc({ server, ownContents, dropped }: IpcParts): void {
  const isOurs = (event: IpcMainEvent | IpcMainInvokeEvent) => isTrusted(senderOf(event), ownContents());

  ipcMain.handle('beluga:call', (event, name: unknown, arg: unknown) =>
    isOurs(event) ? server.call(name, arg) : refused,
  );
  ipcMain.on('beluga:dropped', (event, place: unknown) => {
    if (isOurs(event) && typeof place === 'string') dropped(place);
  });
  ipcMain.handle('beluga:open', (event, kind: unknown, name: unknown, arg: unknown): Outcome<string> => {
    if (!isOurs(event)) return refused;
    const { port1, port2 } = new MessageChannelMain();
    const opened = server.open(kind === 'duplex' ? 'duplex' : 'stream', name, arg, port1);
    if (!opened.ok) {
      port1.close();
      return opened;
    }
    const id = randomUUID();
    event.senderFrame?.postMessage('beluga:port', id, [port2]);
    return { ok: true, value: id };
  });
}
