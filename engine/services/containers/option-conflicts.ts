import { isIP } from 'node:net';
import { EngineError } from '../../base/errors.ts';
import type { ContainerConfig, ContainerHostConfig, EndpointWishes } from './container-service.ts';
import { joinedContainer } from './namespace-modes.ts';

type Asked = { config: ContainerConfig; hostConfig: ContainerHostConfig };

const invalid = (message: string) => new EngineError('invalid', message);
const conflicting = (what: string) => invalid(`conflicting options: ${what}`);

/** Options that cannot go together. @throws EngineError `invalid` in Docker's words (moby, `runconfig/errors.go`). */
export function checkConflicts({ config, hostConfig }: Asked): void {
  if (hostConfig.utsMode === 'host' && config.hostname) throw conflicting('hostname and the UTS mode');
  const { networkMode, links } = hostConfig;
  const undefinedBehavior = "can't be used with links. This would result in undefined behavior";
  if (networkMode === 'host' && links?.length) throw conflicting(`host type networking ${undefinedBehavior}`);
  if (config.macAddress && networkMode === 'host') throw conflicting('mac-address and the network mode');
  if (joinedContainer(networkMode) === undefined) return;
  const refusals: readonly [boolean, string][] = [
    [Boolean(config.hostname), 'hostname and the network mode'],
    [Boolean(links?.length), `container type network ${undefinedBehavior}`],
    [hostConfig.dns.length > 0, 'dns and the network mode'],
    [hostConfig.extraHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
    [Boolean(config.macAddress), 'mac-address and the network mode'],
    [
      hostConfig.portBindings.length > 0 || hostConfig.publishAllPorts,
      'port publishing and the container type network mode',
    ],
    [config.exposedPorts.length > 0, 'port exposing and the container type network mode'],
  ];
  const refused = refusals.find(([isAsked]) => isAsked);
  if (refused) throw conflicting(refused[1]);
}

/** Values that mean nothing. @throws EngineError `invalid` in Docker's words. */
export function checkValues({ config, hostConfig }: Asked): void {
  for (const variable of config.environment) {
    if (variable === '' || variable.startsWith('=')) throw invalid(`invalid environment variable: ${variable}`);
  }
  for (const extra of hostConfig.extraHosts) checkExtraHost(extra);
  for (const server of hostConfig.dns) {
    if (isIP(server.split('%')[0] ?? '') === 0) {
      throw invalid(`bad nameserver address ${server}: ParseAddr(${JSON.stringify(server)}): unable to parse IP`);
    }
  }
  const { oomScoreAdjust: score = 0, annotations = {}, inert, storageOptions = {} } = hostConfig;
  if (score < -1000 || score > 1000) throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  if ('' in annotations) {
    throw invalid('invalid Annotations: the empty string is not permitted as an annotation key');
  }
  const isolation = inert?.isolation ?? 'default';
  if (isolation !== 'default') {
    throw invalid(`Invalid isolation: ${JSON.stringify(isolation)} - linux only supports 'default'`);
  }
  const [option] = Object.keys(storageOptions);
  if (option === undefined) return;
  if (option !== 'size') throw invalid(`Unknown option ${option}`);
  throw invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
}

function checkExtraHost(extra: string): void {
  const at = extra.search(/[:=]/);
  if (at <= 0) throw invalid(`bad format for add-host: ${JSON.stringify(extra)}`);
  const address = extra.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0) {
    throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
}

/** `02:42:ac:11:00:02`, also with dashes. @throws EngineError `invalid`. */
export function checkMacAddress(text: string): string {
  if (/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) return text.replaceAll('-', ':').toLowerCase();
  throw invalid(`invalid config for network bridge: invalid MAC address ${text}`);
}

const predefined = (network: string) => (network === '' || network === 'default' ? 'bridge' : network);

/**
 * What is asked of the endpoint: the predefined networks take an address of the hardware and nothing else.
 * @returns the hardware address, and what is left out
 * @throws EngineError `invalid` in Docker's words.
 */
export function checkEndpoints(
  endpoints: readonly EndpointWishes[],
  networkMode: string,
): { macAddress?: string; warnings: string[] } {
  const mode = predefined(networkMode);
  const others = endpoints.filter(({ network }) => predefined(network) !== mode);
  const [other] = others;
  if (other && !['bridge', 'host', 'none'].includes(predefined(other.network))) {
    throw invalid(`network ${other.network} not found`);
  }
  if (other) {
    const names = [...new Set([...others.map(({ network }) => network), mode])].join(', ');
    throw invalid(`Container cannot be connected to network endpoints: ${names}`);
  }
  const macAddress = endpoints.find((endpoint) => endpoint.macAddress)?.macAddress;
  const warnings = endpoints.flatMap((endpoint) => checkEndpoint(endpoint, mode));
  return { ...(macAddress !== undefined && { macAddress }), warnings };
}

function checkEndpoint({ aliases, addresses, links, driverOptions }: EndpointWishes, mode: string): string[] {
  const problems = [
    ...(aliases.length > 0 ? ['network-scoped alias is supported only for containers in user defined networks'] : []),
    ...(links.length > 0 ? ['links are only supported for user-defined networks'] : []),
    ...(addresses
      ? [
          'user specified IP address is supported on user defined networks only',
          'user specified IP address is supported only when connecting to networks with user configured subnets',
        ]
      : []),
  ];
  const [only, ...more] = problems;
  if (only !== undefined) {
    const told = more.length > 0 ? problems.map((problem) => `* ${problem}`).join('\n') : only;
    throw invalid(`invalid config for network ${mode}: invalid endpoint settings:\n${told}`);
  }
  if (driverOptions.length === 0) return [];
  return [`The driver of network ${mode} has no options: ${driverOptions.join(', ')} discarded.`];
}
