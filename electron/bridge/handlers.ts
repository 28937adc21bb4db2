import type { Arg, MethodName, methods, Out } from './contract.ts';

type Methods = typeof methods;
type MaybePromise<T> = T | Promise<T>;

type Handler<N extends MethodName> = Methods[N] extends { kind: 'call' }
  ? (arg: Arg<N>) => MaybePromise<Out<N>>
  : Methods[N] extends { kind: 'stream' }
    ? (arg: Arg<N>, signal: AbortSignal) => AsyncIterable<Out<N>>
    : (arg: Arg<N>, input: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Out<N>>;

/** What main does for each method; one missing does not compile. A stream ends soon after its signal aborts. */
export type Handlers = { readonly [N in MethodName]: Handler<N> };

/** A handler as the server sees it, after the schema has checked the argument. */
export type AnyHandler = (
  arg: unknown,
  second?: AbortSignal | AsyncIterable<Uint8Array>,
  third?: AbortSignal,
) => unknown;
