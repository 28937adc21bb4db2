import type { BrowserWindow } from 'electron';
import type { Bridge, DuplexName } from './bridge/contract.ts';
import type { Failure } from './bridge/failure.ts';
import type { LoadProgress } from './bridge/images.ts';
import type { FromMain, FromRenderer } from './bridge/port-protocol.ts';
import { origin } from './windows/app-protocol.ts';

/** Where the page finds the sample image's bytes; served only when `--beluga-sample-image` names the file. */
export const sampleImageAddress = `${origin}/sample-image.tar`;

/** What the page has that is used here; main has no DOM types. */
interface Port {
  onmessage: ((event: { data: FromMain<LoadProgress> }) => void) | null;
  postMessage(message: FromRenderer): void;
}
interface Page {
  readonly beluga: Bridge;
  addEventListener(type: 'message', listener: (event: { data: unknown; ports: readonly Port[] }) => void): void;
}
interface Answer {
  readonly body: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }> } };
}

/**
 * Runs in the page, as text: loads the image by `images.load`, creates and starts `welcome` by `containers.create`.
 * Returns why not. It may use nothing but its arguments, so its helpers are inside.
 */
async function welcomeInPage(
  page: Page,
  get: (address: string) => Promise<Answer>,
  address: string,
  method: DuplexName,
): Promise<Failure | undefined> {
  const broken = (message: string): Failure => ({ code: 'internal', message, params: {} });
  const ports = new Map<unknown, Port>();
  const arrivals: (() => void)[] = [];
  page.addEventListener('message', ({ data, ports: [port] }) => {
    if (typeof data !== 'object' || data === null || !('belugaPort' in data) || !port) return;
    ports.set(data.belugaPort, port);
    for (const arrived of arrivals.splice(0)) arrived();
  });
  const portOf = async (id: string): Promise<Port> => {
    for (;;) {
      const port = ports.get(id);
      if (port) return port;
      await new Promise<void>((resolve) => arrivals.push(resolve));
    }
  };

  const opened = await page.beluga.duplex(method, undefined);
  if (!opened.ok) return opened.failure;
  const port = await portOf(opened.value);
  const loaded = await new Promise<string | Failure>((resolve) => {
    let reference = '';
    let granted = 0;
    let sending = false;
    let rest: Uint8Array = new Uint8Array(0);
    let ended = false;
    const reader = get(address).then(({ body }) => body.getReader());
    const send = async () => {
      if (sending || ended) return;
      sending = true;
      while (granted > 0 && !ended) {
        if (rest.length === 0) {
          const { done, value } = await (await reader).read();
          ended = done;
          rest = value ?? rest;
        }
        const bytes = rest.slice(0, Math.min(granted, 262_144));
        rest = rest.subarray(bytes.length);
        granted -= bytes.length;
        if (bytes.length > 0) port.postMessage({ type: 'bytes', bytes });
      }
      if (ended) port.postMessage({ type: 'finish' });
      sending = false;
    };
    port.onmessage = ({ data }) => {
      if (data.type === 'grant') {
        granted += data.bytes;
        send().catch((error) => resolve(broken(String(error))));
      } else if (data.type === 'batch') {
        reference = data.items.find((item) => item.reference !== undefined)?.reference ?? reference;
        port.postMessage({ type: 'ack' });
      } else resolve(data.type === 'failed' ? data.failure : reference);
    };
  });
  if (typeof loaded !== 'string') return loaded;
  if (loaded === '') return broken('The sample image has no name.');
  const created = await page.beluga.call('containers.create', { image: loaded, name: 'welcome', start: true });
  return created.ok ? undefined : created.failure;
}

/** Makes the first container through the renderer's own bridge, as a user's clicks would. Returns why not. */
export async function makeWelcome(window: BrowserWindow): Promise<Failure | undefined> {
  const address = JSON.stringify(sampleImageAddress);
  const code = `(${welcomeInPage.toString()})(window, fetch.bind(window), ${address}, 'images.load')`;
  return window.webContents.executeJavaScript(code);
}
