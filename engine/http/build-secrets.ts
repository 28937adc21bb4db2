import { EngineError } from '../base/errors.ts';
import type { BuildClient } from '../services/build/build-service.ts';

/** Secrets for builds of clients that hold no session; in memory alone. */
export interface BuildSecrets {
  /** For the build that will be asked for by this id. They go when it takes them, or nobody does. */
  put(build: string, secrets: ReadonlyMap<string, Uint8Array>): void;
  /** What that build may ask for; undefined: nothing was put there. */
  take(build: string): BuildClient | undefined;
}

/** Milliseconds that they wait for their build. */
const longestWait = 60_000;
/** Bytes of one, as BuildKit has it. */
export const longestSecret = 500 * 1024;

export function createBuildSecrets(): BuildSecrets {
  const waiting = new Map<string, { secrets: ReadonlyMap<string, Uint8Array>; timer: NodeJS.Timeout }>();
  const remove = (build: string) => {
    const found = waiting.get(build);
    clearTimeout(found?.timer);
    waiting.delete(build);
    return found?.secrets;
  };
  return {
    put(build, secrets) {
      remove(build);
      waiting.set(build, { secrets, timer: setTimeout(() => remove(build), longestWait).unref() });
    },
    take(build) {
      const secrets = remove(build);
      return secrets && clientWith(secrets);
    },
  };
}

function clientWith(secrets: ReadonlyMap<string, Uint8Array>): BuildClient {
  return {
    async secret(id) {
      const found = secrets.get(id);
      if (!found) throw new EngineError('not-found', `secret ${id}: not found`);
      return found;
    },
    async sshAgent(id) {
      throw new EngineError('not-found', `ssh agent ${id}: the client forwards none`);
    },
    login: async () => undefined,
  };
}
