import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Bridge } from './bridge/contract.ts';
import type { PortArrival } from './bridge/port-protocol.ts';

/** The page's window; this environment has no DOM types. */
interface DropEvent {
  readonly isTrusted: boolean;
  readonly dataTransfer: { readonly files: Iterable<DroppedFile> } | null;
}
/** Electron before 32 has the place of a file in itself. */
type DroppedFile = File & { readonly path?: string };

declare const window: {
  readonly location: { readonly origin: string };
  addEventListener(type: 'drop', listener: (event: DropEvent) => void, options: { capture: boolean }): void;
  postMessage(message: PortArrival, origin: string, transfer: readonly unknown[]): void;
};

/** Electron before 29 has no `webUtils`. */
const placeOf = (file: DroppedFile): string => webUtils?.getPathForFile(file) ?? file.path ?? '';

// Names are not checked here: main knows which there are, and a sandboxed preload stays small.
const bridge: Bridge = {
  call: (name, arg) => ipcRenderer.invoke('beluga:call', name, arg),
  open: (name, arg) => ipcRenderer.invoke('beluga:open', 'stream', name, arg),
  duplex: (name, arg) => ipcRenderer.invoke('beluga:open', 'duplex', name, arg),
};

ipcRenderer.on('beluga:port', (event, id: string) => {
  window.postMessage({ belugaPort: id }, window.location.origin, event.ports);
});

// Only what a user drops has a place on the disk: the page sees files without one, main is told before the page asks.
window.addEventListener(
  'drop',
  ({ isTrusted, dataTransfer }) => {
    const [file] = dataTransfer?.files ?? [];
    if (isTrusted && file) ipcRenderer.send('beluga:dropped', placeOf(file));
  },
  { capture: true },
);

contextBridge.exposeInMainWorld('beluga', bridge);
