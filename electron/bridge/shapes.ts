import type * as z from 'zod';

/**
 * The three method shapes of the bridge. Each names the schema of its argument (checked in main) and carries the type of
 * what comes back; `_out` exists in the types only.
 */
export interface CallShape<Arg, Out> {
  readonly kind: 'call';
  readonly arg: z.ZodType<Arg>;
  readonly _out?: Out;
}

/** Many answers over time; leaving the loop cancels the work. */
export interface StreamShape<Arg, Item> {
  readonly kind: 'stream';
  readonly arg: z.ZodType<Arg>;
  readonly _out?: Item;
}

/** Bytes in, messages out, until either side closes. */
export interface DuplexShape<Arg, Item> {
  readonly kind: 'duplex';
  readonly arg: z.ZodType<Arg>;
  readonly _out?: Item;
}

export type ArgOf<S> = S extends { readonly arg: z.ZodType<infer Arg> } ? Arg : never;
export type OutOf<S> = S extends { readonly _out?: infer Out } ? Out : never;

/** A call: `call(schema).gives<Out>()`, so that the argument's type is inferred and only the answer's is written. */
export const call = <Arg>(arg: z.ZodType<Arg>) => ({ gives: <Out>(): CallShape<Arg, Out> => ({ kind: 'call', arg }) });

export const stream = <Arg>(arg: z.ZodType<Arg>) => ({
  of: <Item>(): StreamShape<Arg, Item> => ({ kind: 'stream', arg }),
});

export const duplex = <Arg>(arg: z.ZodType<Arg>) => ({
  of: <Item>(): DuplexShape<Arg, Item> => ({ kind: 'duplex', arg }),
});
