import type { Handlers } from '../bridge/handlers.ts';
import type { hostMethods } from '../bridge/host.ts';
import type { EngineHost } from '../hosts/engine-host.ts';
import { tailEngineLog } from '../hosts/engine-log.ts';
import type { HostState } from '../hosts/host-state.ts';
import { hostUpdates } from '../hosts/host-updates.ts';
import type { Pulse } from '../hosts/pulse.ts';

export interface HostSources {
  readonly engine: EngineHost;
  readonly state: HostState;
  readonly changed: Pulse;
  readonly logFile: string;
}

/** What the renderer learns of the host and its engine. */
export function hostHandlers({
  engine,
  state,
  changed,
  logFile,
}: HostSources): Pick<Handlers, keyof typeof hostMethods> {
  return {
    'host.watch': (_, signal) => hostUpdates({ state, engine: () => engine.state, changed }, signal),
    'engine.restart': () => engine.restart(),
    'engine.logTail': async ({ lines }) => ({ file: logFile, text: await tailEngineLog(logFile, lines) }),
  };
}
