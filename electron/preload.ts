import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge } from './bridge/contract.ts';
import type { PortArrival } from './bridge/port-protocol.ts';

/** The page's window; this environment has no DOM types. */
declare const window: {
  readonly location: { readonly origin: string };
  postMessage(message: PortArrival, origin: string, transfer: readonly unknown[]): void;
};

// Names are not checked here: main knows which there are, and a sandboxed preload stays small.
const bridge: Bridge = {
  call: (name, arg) => ipcRenderer.invoke('beluga:call', name, arg),
  open: (name, arg) => ipcRenderer.invoke('beluga:open', 'stream', name, arg),
  duplex: (name, arg) => ipcRenderer.invoke('beluga:open', 'duplex', name, arg),
};

ipcRenderer.on('beluga:port', (event, id: string) => {
  window.postMessage({ belugaPort: id }, window.location.origin, event.ports);
});

contextBridge.exposeInMainWorld('beluga', bridge);
