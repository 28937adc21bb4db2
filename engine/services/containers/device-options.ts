import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import type { OciBlockIo, OciResources } from '../../drivers/oci/oci-spec.ts';
import { deviceOf, type OciDevice } from '../../drivers/oci/spec-host.ts';
import type { ContainerHostConfig, ContainerResources, DeviceRate } from './container-service.ts';

type DeviceRule = OciResources['devices'][number];
type Asked = Pick<ContainerHostConfig, 'devices' | 'deviceCgroupRules' | 'deviceRequests' | 'privileged'>;

const invalid = (message: string) => new EngineError('invalid', message);
const rulePattern = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/;

/** What can be told without looking at the host. @throws EngineError `invalid` in Docker's words. */
export function checkDevices({ devices = [], deviceCgroupRules = [] }: Asked): void {
  for (const { permissions } of devices) {
    if (!/^[rwm]{0,3}$/.test(permissions)) throw invalid(`bad mode specified: ${permissions}`);
  }
  for (const rule of deviceCgroupRules) {
    if (!rulePattern.test(rule)) throw invalid(`invalid device cgroup rule format: '${rule}'`);
  }
}

/**
 * The devices of the host that a container finds in its /dev beyond the usual ones, and what it may do with them.
 * @throws EngineError `invalid` in Docker's words for one that is not there.
 */
export function devicesOf(asked: Asked): { nodes: OciDevice[]; rules: DeviceRule[] } {
  const [request] = asked.deviceRequests ?? [];
  if (request) {
    const capabilities = (request.capabilities ?? []).map((all) => `[${all.join(' ')}]`).join(' ');
    const driver = JSON.stringify(request.driver);
    throw invalid(`could not select device driver ${driver} with capabilities: [${capabilities}]`);
  }
  const found = (asked.devices ?? []).flatMap((mapping) => {
    const access = mapping.permissions || 'rwm';
    return nodesOf(mapping).map((node) => ({ node, access }));
  });
  const nodes = found.map(({ node }) => node);
  // a privileged container may use every device anyway
  if (asked.privileged) return { nodes, rules: [] };
  const rules = found.map(({ node: { type, major, minor }, access }) => ({ allow: true, type, major, minor, access }));
  return { nodes, rules: [...rules, ...(asked.deviceCgroupRules ?? []).map(ruleOf)] };
}

function ruleOf(text: string): DeviceRule {
  const [, type = '', major = '*', minor = '*', access = ''] = rulePattern.exec(text) ?? [];
  return {
    allow: true,
    type,
    ...(major !== '*' && { major: Number(major) }),
    ...(minor !== '*' && { minor: Number(minor) }),
    access,
  };
}

function nodesOf({ pathOnHost, pathInContainer }: { pathOnHost: string; pathInContainer: string }): OciDevice[] {
  const refuse = (why: string) =>
    invalid(`error gathering device information while adding custom device ${JSON.stringify(pathOnHost)}: ${why}`);
  let source: string;
  try {
    source = realpathSync(pathOnHost);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
    throw refuse('no such file or directory');
  }
  const target = pathInContainer || pathOnHost;
  const nodes = statSync(source).isDirectory()
    ? devicesBelow(source).map((node) => ({ ...node, path: path.join(target, path.relative(source, node.path)) }))
    : [deviceOf(source)].flatMap((node) => (node ? { ...node, path: target } : []));
  if (nodes.length === 0) throw refuse('not a device node');
  return nodes;
}

/** Every device in a directory and below; symlinks are not followed. */
function devicesBelow(directory: string): OciDevice[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    if (entry.isSymbolicLink()) return [];
    return entry.isDirectory() ? devicesBelow(file) : (deviceOf(file) ?? []);
  });
}

/** Weights and rates by the numbers of their devices. @throws EngineError `invalid`: `stat PATH: no such file or directory`. */
export function blockIoOf(resources: ContainerResources): OciBlockIo | undefined {
  const numbered = (list: readonly DeviceRate[] = []) =>
    list.map(({ path: file, value }) => {
      const { major, minor } = numbersOf(file);
      return { major, minor, value };
    });
  const rates = (list: readonly DeviceRate[] | undefined) =>
    numbered(list).map(({ major, minor, value }) => ({ major, minor, rate: value }));
  const { blockWeight, blockWeightDevices } = resources;
  const io: OciBlockIo = {
    ...(blockWeight && { weight: blockWeight }),
    ...(blockWeightDevices?.length && {
      weightDevice: numbered(blockWeightDevices).map(({ major, minor, value }) => ({ major, minor, weight: value })),
    }),
    ...(resources.blockReadBytes?.length && { throttleReadBpsDevice: rates(resources.blockReadBytes) }),
    ...(resources.blockWriteBytes?.length && { throttleWriteBpsDevice: rates(resources.blockWriteBytes) }),
    ...(resources.blockReadOperations?.length && { throttleReadIOPSDevice: rates(resources.blockReadOperations) }),
    ...(resources.blockWriteOperations?.length && { throttleWriteIOPSDevice: rates(resources.blockWriteOperations) }),
  };
  return Object.keys(io).length > 0 ? io : undefined;
}

/** The device of that path; undefined also where there is nothing, which is refused at the start. */
export function findDevice(file: string): OciDevice | undefined {
  try {
    return deviceOf(file);
  } catch {
    return undefined;
  }
}

function numbersOf(file: string): { major: number; minor: number } {
  const device = findDevice(file);
  if (device) return device;
  const there = statSync(file, { throwIfNoEntry: false });
  throw invalid(there ? `${file} is not a device` : `stat ${file}: no such file or directory`);
}
