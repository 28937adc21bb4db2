/**
 * The IPC contract between renderer and main: one generic bridge, three method shapes. Main checks every argument against
 * its schema; the renderer imports types only (`import type`). What is said over a stream's port is in
 * `port-protocol.ts`. A new method is one line here or in a file of its concern, and one handler in main.
 */
import { appMethods } from './app.ts';
import { buildMethods } from './builds.ts';
import { containerMethods } from './containers.ts';
import type { Outcome } from './failure.ts';
import { hostMethods } from './host.ts';
import { imageMethods } from './images.ts';
import { portMethods } from './ports.ts';
import { registryMethods } from './registries.ts';
import type { ArgOf, OutOf } from './shapes.ts';
import { statsMethods } from './stats.ts';
import { terminalMethods } from './terminals.ts';
import { transferMethods } from './transfers.ts';

export const methods = {
  ...appMethods,
  ...hostMethods,
  ...buildMethods,
  ...containerMethods,
  ...imageMethods,
  ...portMethods,
  ...registryMethods,
  ...statsMethods,
  ...terminalMethods,
  ...transferMethods,
} as const;

type Methods = typeof methods;
export type MethodName = keyof Methods;
type NamesOf<Kind> = { [N in MethodName]: Methods[N] extends { kind: Kind } ? N : never }[MethodName];

export type CallName = NamesOf<'call'>;
export type StreamName = NamesOf<'stream'>;
export type DuplexName = NamesOf<'duplex'>;

/** The argument of a method. */
export type Arg<N extends MethodName> = ArgOf<Methods[N]>;
/** What a call answers, or one item of a stream or duplex. */
export type Out<N extends MethodName> = OutOf<Methods[N]>;

/** Exposed to the renderer as `window.beluga`. Nothing here throws or rejects: failure is part of the outcome. */
export interface Bridge {
  call<N extends CallName>(name: N, arg: Arg<N>): Promise<Outcome<Out<N>>>;
  /** Opens a stream; the value is the id under which its port arrives (`port-protocol.ts`). */
  open<N extends StreamName>(name: N, arg: Arg<N>): Promise<Outcome<string>>;
  /** Opens a duplex; the value is the id under which its port arrives. */
  duplex<N extends DuplexName>(name: N, arg: Arg<N>): Promise<Outcome<string>>;
}
