import type { Arg, Bridge, CallName, DuplexName, Out, StreamName } from '../../electron/bridge/contract.ts';
import type { Failure, Outcome } from '../../electron/bridge/failure.ts';
import type { FromMain, FromRenderer } from '../../electron/bridge/port-protocol.ts';

declare global {
  interface Window {
    /** Put there by the preload script. */
    readonly beluga: Bridge;
  }
}

export interface StreamEvents<Item> {
  /** The batch counts as used when it returns, or when its promise resolves: main holds the source back until then. */
  onItems: (items: readonly Item[]) => void | Promise<void>;
  /** Called once, unless the stream was cancelled. Without a failure the stream came to its own end. */
  onEnd: (failure?: Failure) => void;
}

/** A port may come before the answer that names it, or after. */
const early = new Map<string, MessagePort>();
const awaited = new Map<string, (port: MessagePort) => void>();
window.addEventListener('message', (event: MessageEvent<{ belugaPort?: unknown } | null>) => {
  const id = event.source === window ? event.data?.belugaPort : undefined;
  const port = event.ports[0];
  if (typeof id !== 'string' || !port) return;
  const take = awaited.get(id);
  awaited.delete(id);
  if (take) take(port);
  else early.set(id, port);
});

function portOf(id: string): Promise<MessagePort> {
  const port = early.get(id);
  early.delete(id);
  return port ? Promise.resolve(port) : new Promise((resolve) => awaited.set(id, resolve));
}

/** Calls a method of main. Never rejects: failure is part of the outcome. */
export function call<N extends CallName>(name: N, arg: Arg<N>): Promise<Outcome<Out<N>>> {
  return window.beluga.call(name, arg);
}

/** Opens a stream; the returned function leaves it, which cancels the work behind it. */
export function openStream<N extends StreamName>(name: N, arg: Arg<N>, events: StreamEvents<Out<N>>): () => void {
  const connection = connect<Out<N>>(window.beluga.open(name, arg), events);
  return connection.cancel;
}

export interface Upload {
  /** Waits until the other side has room, then hands the bytes over. False: the upload has ended. */
  send: (bytes: Uint8Array) => Promise<boolean>;
  /** No more bytes will come; the other side may still answer. */
  finish: () => void;
  cancel: () => void;
}

/** Opens a duplex: bytes out as fast as the other side grants, messages in. */
export function openUpload<N extends DuplexName>(name: N, arg: Arg<N>, events: StreamEvents<Out<N>>): Upload {
  let credit = 0;
  let wake: (() => void) | undefined;
  const rouse = () => {
    wake?.();
    wake = undefined;
  };
  const connection = connect<Out<N>>(window.beluga.duplex(name, arg), {
    onItems: events.onItems,
    onEnd: (failure) => {
      rouse();
      events.onEnd(failure);
    },
    onGrant: (bytes) => {
      credit += bytes;
      rouse();
    },
  });
  return {
    send: async (bytes) => {
      let rest = bytes;
      while (rest.length > 0) {
        while (credit <= 0 && !connection.ended()) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (connection.ended()) return false;
        const part = rest.slice(0, credit);
        credit -= part.length;
        rest = rest.subarray(part.length);
        connection.post({ type: 'bytes', bytes: part });
      }
      return !connection.ended();
    },
    finish: () => connection.post({ type: 'finish' }),
    cancel: () => {
      connection.cancel();
      rouse();
    },
  };
}

interface ConnectionEvents<Item> extends StreamEvents<Item> {
  onGrant?: (bytes: number) => void;
}

interface Connection {
  post: (message: FromRenderer) => void;
  ended: () => boolean;
  cancel: () => void;
}

function connect<Item>(opened: Promise<Outcome<string>>, events: ConnectionEvents<Item>): Connection {
  let port: MessagePort | undefined;
  let ended = false;
  const post = (message: FromRenderer) => port?.postMessage(message);
  const end = (failure?: Failure) => {
    if (ended) return;
    ended = true;
    port?.close();
    events.onEnd(failure);
  };
  const receive = (message: FromMain<Item>) => {
    if (ended) return;
    if (message.type === 'end') return end();
    if (message.type === 'failed') return end(message.failure);
    if (message.type === 'grant') return events.onGrant?.(message.bytes);
    const used = events.onItems(message.items);
    if (used) void used.then(() => post({ type: 'ack' }));
    else post({ type: 'ack' });
  };
  void opened.then(async (outcome) => {
    if (!outcome.ok) return end(outcome.failure);
    port = await portOf(outcome.value);
    if (ended) return leave(port);
    port.onmessage = (event: MessageEvent<FromMain<Item>>) => receive(event.data);
  });
  return {
    post,
    ended: () => ended,
    cancel: () => {
      if (ended) return;
      ended = true;
      if (port) leave(port);
    },
  };
}

function leave(port: MessagePort): void {
  const message: FromRenderer = { type: 'cancel' };
  port.postMessage(message);
  port.close();
}
