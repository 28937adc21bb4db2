import type { OciProcess, OciSpec } from './oci-spec.ts';
import type { ExecRequest } from './runtime.ts';
import { environmentOf } from './spec-builder.ts';

/** The process.json of an exec: the container's own process, changed by what is asked for; as Docker does. */
export function execProcess(spec: OciSpec, request: ExecRequest): OciProcess {
  const { args, environment, workingDirectory, terminal, size } = request;
  const { process } = spec;
  const user = request.user ? { umask: 0o022, ...request.user } : process.user;
  const bounding = [...(request.capabilities ?? process.capabilities.bounding)];
  const own = user.uid === 0 ? bounding : [];
  const { consoleSize: _, ...rest } = process;
  return {
    ...rest,
    terminal,
    ...(terminal && size && { consoleSize: { height: size.rows, width: size.columns } }),
    user: { ...user, additionalGids: [...(user.additionalGids ?? [])] },
    args: [...args],
    env: environmentOf({ environment, hostname: spec.hostname ?? '', terminal }),
    cwd: workingDirectory || '/',
    capabilities: { bounding, effective: own, permitted: own, inheritable: [], ambient: [] },
  };
}
