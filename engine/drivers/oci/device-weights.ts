import type { OciBlockIo, OciSpec } from './oci-spec.ts';

/**
 * A spec without the weights of single block devices, and those weights. In cgroup v2 a runtime knows only those of bfq:
 * without them crun fails and runc leaves the weights out, so that the engine sets them itself (`ContainerCgroup.update`).
 */
export function takeDeviceWeights(spec: OciSpec): { spec: OciSpec; weights: OciBlockIo['weightDevice'] } {
  const { resources } = spec.linux;
  if (!resources.blockIO?.weightDevice) return { spec, weights: undefined };
  const { weightDevice: weights, ...blockIO } = resources.blockIO;
  return { spec: { ...spec, linux: { ...spec.linux, resources: { ...resources, blockIO } } }, weights };
}
