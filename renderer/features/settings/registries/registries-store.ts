import { create } from 'zustand';
import type { Failure } from '../../../../electron/bridge/failure.ts';
import type { LoginFacts, MirrorTest, Registries, RegistrySettings } from '../../../../electron/bridge/registries.ts';
import { call } from '../../../host/bridge-client.ts';

/** A look at a mirror: under way, done, or not possible. */
export interface TestRun {
  readonly busy: boolean;
  readonly at?: number;
  readonly result?: MirrorTest;
  readonly failure?: Failure;
}

export interface RegistriesState {
  /** `undefined` until it was read once. */
  registries: Registries | undefined;
  /** This host has no words for registries. */
  without: boolean;
  /** Why they could not be read. */
  failure: Failure | undefined;
  /** Milliseconds since the epoch, when they were read. */
  readAt: number;
  /** By the mirror's address as it is written. */
  tests: Readonly<Record<string, TestRun>>;
  /** The rule that is shown: outlives the page. */
  prefix: string;
}

export const useRegistries = create<RegistriesState>()(() => ({
  registries: undefined,
  without: false,
  failure: undefined,
  readAt: 0,
  tests: {},
  prefix: 'docker.io',
}));

/** Reads them anew; an answer that was overtaken by a change is dropped. */
export async function readRegistries(): Promise<void> {
  const before = changes;
  const outcome = await call('registries.read', undefined);
  if (changes !== before) return;
  if (!outcome.ok) useRegistries.setState({ failure: outcome.failure });
  else {
    const { registries } = outcome.value;
    useRegistries.setState({ registries, without: !registries, failure: undefined, readAt: Date.now() });
  }
}

let changes = 0;
let changing: Promise<unknown> = Promise.resolve();

/** Changes the settings, at once; one change after the other, each of what the one before it left. The failure, if it failed. */
export function changeRegistries(
  change: (settings: RegistrySettings) => RegistrySettings,
): Promise<Failure | undefined> {
  const next = changing.then(async () => {
    const now = useRegistries.getState().registries;
    if (!now) return undefined;
    changes++;
    const wanted = change(now.settings);
    // shown at once; what the engine says replaces it
    useRegistries.setState({ registries: { ...now, settings: wanted } });
    const outcome = await call('registries.apply', wanted);
    if (outcome.ok) useRegistries.setState({ registries: outcome.value, readAt: Date.now() });
    else useRegistries.setState({ registries: now });
    return outcome.ok ? undefined : outcome.failure;
  });
  changing = next;
  return next;
}

/** What a change of logins answered. */
export function takeLogins(facts: LoginFacts): void {
  useRegistries.setState(({ registries }) => (registries ? { registries: { ...registries, ...facts } } : {}));
}

function putTest(url: string, run: TestRun | undefined): void {
  useRegistries.setState(({ tests }) => {
    const { [url]: _, ...others } = tests;
    return { tests: run ? { ...others, [url]: run } : others };
  });
}

/** Looks at a mirror; what was found stays until it is closed. */
export async function testMirror(url: string, prefix: string): Promise<void> {
  putTest(url, { busy: true });
  const outcome = await call('registries.test', { url, prefix });
  const at = Date.now();
  putTest(url, outcome.ok ? { busy: false, at, result: outcome.value } : { busy: false, at, failure: outcome.failure });
  await readRegistries();
}

export function closeTest(url: string): void {
  putTest(url, undefined);
}
