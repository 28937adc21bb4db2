import type * as z from 'zod';
import { createByteInbox } from './byte-inbox.ts';
import { type MethodName, methods } from './contract.ts';
import type { Failure, Outcome } from './failure.ts';
import type { AnyHandler, Handlers } from './handlers.ts';
import type { FromRenderer } from './port-protocol.ts';
import { createPortSender, type ServerPort } from './port-sender.ts';

type Kind = 'call' | 'stream' | 'duplex';

export interface BridgeServer {
  call(name: unknown, arg: unknown): Promise<Outcome<unknown>>;
  /** Begins a stream or duplex; what it sends goes over `port`, also its failure. */
  open(kind: 'stream' | 'duplex', name: unknown, arg: unknown, port: ServerPort): Outcome<void>;
  /** Cancels all that is open. */
  close(): void;
}

export interface BridgeServerParts {
  readonly handlers: Handlers;
  readonly toFailure: (error: unknown) => Failure;
}

const invalid = (message: string): Failure => ({
  code: 'invalid',
  message,
  reason: 'request.invalid',
  params: { detail: message },
});
const refusal = (message: string): Outcome<never> => ({ ok: false, failure: invalid(message) });

function firstIssue(name: string, error: z.ZodError): string {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? name : `${name}: ${issue.path.join('.')}`;
  return `${where}: ${issue?.message ?? 'not valid'}`;
}

const isName = (name: unknown): name is MethodName => typeof name === 'string' && Object.hasOwn(methods, name);

/** The renderer's end is not trusted: whatever is none of its messages is `undefined`. */
function messageOf(data: unknown): FromRenderer | undefined {
  if (typeof data !== 'object' || data === null || !('type' in data)) return undefined;
  if (data.type === 'bytes') {
    return 'bytes' in data && data.bytes instanceof Uint8Array ? { type: 'bytes', bytes: data.bytes } : undefined;
  }
  return data.type === 'ack' || data.type === 'finish' || data.type === 'cancel' ? { type: data.type } : undefined;
}

/** Serves the contract: looks the method up, checks its argument, runs its handler. Knows nothing of Electron. */
export function createBridgeServer({ handlers, toFailure }: BridgeServerParts): BridgeServer {
  const open = new Set<AbortController>();

  const check = (kind: Kind, name: unknown, arg: unknown): Outcome<{ handler: AnyHandler; arg: unknown }> => {
    if (!isName(name) || methods[name].kind !== kind) return refusal(`There is no ${kind} ${String(name)}.`);
    const parsed = methods[name].arg.safeParse(arg);
    if (!parsed.success) return refusal(firstIssue(name, parsed.error));
    return { ok: true, value: { handler: handlers[name] as AnyHandler, arg: parsed.data } };
  };

  const run = async (kind: 'stream' | 'duplex', handler: AnyHandler, arg: unknown, port: ServerPort) => {
    const work = new AbortController();
    open.add(work);
    const sender = createPortSender(port, work.signal);
    const inbox = kind === 'duplex' ? createByteInbox(sender.grant, work.signal) : undefined;
    port.on('close', () => work.abort());
    port.on('message', ({ data }) => {
      const message = messageOf(data);
      if (message?.type === 'ack') sender.acknowledge();
      else if (message?.type === 'finish') inbox?.finish();
      else if (message?.type === 'cancel') work.abort();
      else if (message?.type !== 'bytes' || !inbox?.put(message.bytes)) {
        sender.refuse(invalid(message ? 'More bytes came than were granted.' : 'This is no message of the bridge.'));
        work.abort();
      }
    });
    port.start();
    try {
      const items = inbox ? handler(arg, inbox, work.signal) : handler(arg, work.signal);
      for await (const item of items as AsyncIterable<unknown>) {
        if (work.signal.aborted) break;
        await sender.push(item);
      }
      await sender.finish();
    } catch (error) {
      await sender.finish(toFailure(error));
    } finally {
      work.abort();
      open.delete(work);
    }
  };

  return {
    async call(name, arg) {
      const checked = check('call', name, arg);
      if (!checked.ok) return checked;
      try {
        return { ok: true, value: await checked.value.handler(checked.value.arg) };
      } catch (error) {
        return { ok: false, failure: toFailure(error) };
      }
    },
    open(kind, name, arg, port) {
      const checked = check(kind, name, arg);
      if (!checked.ok) return checked;
      void run(kind, checked.value.handler, checked.value.arg, port);
      return { ok: true, value: undefined };
    },
    close() {
      for (const work of open) work.abort();
    },
  };
}
