import { EngineError } from '../../../base/errors.ts';
import { checkMount } from './check-mount.ts';
import { isMountMode, isNoCopyMode, isReadOnlyMode, propagationOf } from './mount-modes.ts';
import type { PlannedMount, RequestedMount } from './mount-point.ts';

/** The words of `source:/target[:mode]`; one alone is a target. */
function split(bind: string): { source: string; target: string; mode: string } {
  const bad = new EngineError('invalid', `invalid volume specification: '${bind}'`);
  const [first = '', second, mode = '', ...more] = bind.split(':');
  if (first === '' || more.length > 0) throw bad;
  if (second === undefined) return { source: '', target: first, mode };
  // a target with a mode: what is mounted there has none
  if (mode === '' && bind.split(':').length === 2 && isMountMode(second)) throw bad;
  return { source: first, target: second, mode };
}

/**
 * A mount of `-v`: a source that is no absolute path is a volume's name (moby, `ParseMountRaw`).
 * @throws EngineError `invalid` in Docker's words.
 */
export function parseBind(bind: string, volumeDriver: string | undefined): PlannedMount {
  const { source, target, mode } = split(bind);
  if (!isMountMode(mode)) throw new EngineError('invalid', `invalid mode: ${mode}`);
  const propagation = propagationOf(mode);
  const noCopy = isNoCopyMode(mode);
  const type = source.startsWith('/') ? 'bind' : 'volume';
  const driver = type === 'volume' && volumeDriver ? { name: volumeDriver } : undefined;
  const mount: RequestedMount = {
    type,
    source,
    target,
    readOnly: isReadOnlyMode(mode),
    ...(propagation && { bind: { propagation } }),
    ...((driver || noCopy) && { volume: { noCopy, ...(driver && { driver }) } }),
  };
  try {
    return { ...checkMount(mount, { mustExist: false }), mode, ...(type === 'bind' && { makeSource: true }) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const options = { reason: 'request.invalid', params: { field: 'HostConfig.Binds' }, cause } as const;
    throw new EngineError('invalid', `invalid volume specification: '${bind}': ${why}`, options);
  }
}
