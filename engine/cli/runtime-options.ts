import type { ConfiguredRuntime } from '../drivers/oci/configured-runtimes.ts';

const reserved = ['crun', 'runc'];
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

function checked(runtime: ConfiguredRuntime): ConfiguredRuntime {
  if (!namePattern.test(runtime.name)) throw new Error(`invalid runtime name: ${JSON.stringify(runtime.name)}`);
  if (reserved.includes(runtime.name)) throw new Error(`runtime name '${runtime.name}' is reserved`);
  if (runtime.path === '') throw new Error(`runtime ${runtime.name}: path must not be empty`);
  return runtime;
}

/** dockerd's `--add-runtime NAME=PATH`. @throws Error for anything else. */
export function addedRuntime(text: string): ConfiguredRuntime {
  const at = text.indexOf('=');
  if (at <= 0) throw new Error(`invalid runtime format "${text}" - should be in the form of 'runtime=path'`);
  return checked({ name: text.slice(0, at), path: text.slice(at + 1), args: [] });
}

/** One entry of daemon.json's `runtimes`. @throws Error where it is not one. */
function configuredRuntime([name, value]: [string, unknown]): ConfiguredRuntime {
  const { path, runtimeArgs = [], ...rest } = (value ?? {}) as { path?: unknown; runtimeArgs?: unknown };
  const [unknown] = Object.keys(rest);
  // a containerd shim by its type, with options for it: there is no containerd here
  if (unknown !== undefined) throw new Error(`runtime ${name}: ${unknown} is not supported, give a path`);
  if (typeof path !== 'string' || !Array.isArray(runtimeArgs) || !runtimeArgs.every((arg) => typeof arg === 'string')) {
    throw new Error(`runtime ${name} has to be {"path": "/…", "runtimeArgs": ["…"]}`);
  }
  return checked({ name, path, args: runtimeArgs });
}

/** Both; a flag wins over an entry of the same name. @throws Error that says what is wrong. */
export function runtimesOf(flags: readonly ConfiguredRuntime[], configured: unknown): ConfiguredRuntime[] {
  if (
    configured !== undefined &&
    (typeof configured !== 'object' || configured === null || Array.isArray(configured))
  ) {
    throw new Error('the key runtimes of the configuration file has to be an object');
  }
  const all = [...Object.entries(configured ?? {}).map(configuredRuntime), ...flags];
  return [...new Map(all.map((runtime) => [runtime.name, runtime])).values()];
}
