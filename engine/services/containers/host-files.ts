import { createHash } from 'node:crypto';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hostResolvConf, isReachable, ownResolvConf } from '../../drivers/network/host-resolvers.ts';
import type { NetworkEndpoint } from '../../drivers/network/network-provider.ts';

/** Files of the host's making that a container finds in its /etc. */
export interface HostFiles {
  hostname: string;
  hosts: string;
  resolvConf: string;
}

export interface HostFilesRequest {
  hostname: string;
  domainname?: string;
  /** `name:address` or `name=address`. */
  extraHosts: readonly string[];
  dns: readonly string[];
  dnsSearch: readonly string[];
  dnsOptions: readonly string[];
  /** The container shares the host's network: it sees the host's name servers and hosts as they are. */
  hostNetwork: boolean;
  /** On a bridge. */
  endpoint?: Pick<NetworkEndpoint, 'address' | 'gateway'>;
  /** Linked containers, with all their names. */
  linked?: readonly { address: string; names: string }[];
}

export function hostFilePaths(directory: string): HostFiles {
  return {
    hostname: path.join(directory, 'hostname'),
    hosts: path.join(directory, 'hosts'),
    resolvConf: path.join(directory, 'resolv.conf'),
  };
}

/** Root of the engine's own user namespace. */
const ourselves = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

/**
 * Writes them anew; in place, for a running container has them bound by inode. Readable for every user inside.
 * @param owner the container's root, as the host knows it
 */
export async function writeHostFiles(
  directory: string,
  request: HostFilesRequest,
  owner: { uid: number; gid: number } = ourselves,
): Promise<HostFiles> {
  const files = hostFilePaths(directory);
  await mkdir(directory, { recursive: true, mode: 0o710 });
  const hosts = await read('/etc/hosts');
  await Promise.all([
    writeFile(files.hostname, `${request.hostname}\n`, { mode: 0o644 }),
    writeFile(files.hosts, hostsText(request, hosts), { mode: 0o644 }),
    writeResolvConf(directory, resolvConfText(request, hostTextFor(request))),
  ]);
  await Promise.all(Object.values(files).map((file) => chown(file, owner.uid, owner.gid)));
  return files;
}

/** Only the hosts file: a linked container has come back with another address. */
export async function writeHosts(directory: string, request: HostFilesRequest): Promise<void> {
  await writeFile(hostFilePaths(directory).hosts, hostsText(request, await read('/etc/hosts')), { mode: 0o644 });
}

const hostTextFor = ({ hostNetwork }: HostFilesRequest) => (hostNetwork ? ownResolvConf() : hostResolvConf());
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** Digest of the resolv.conf that we wrote: a file that differs was changed inside the container. */
const digestFile = (directory: string) => path.join(directory, 'resolv.conf.sha256');

async function writeResolvConf(directory: string, text: string): Promise<void> {
  await writeFile(hostFilePaths(directory).resolvConf, text, { mode: 0o644 });
  await writeFile(digestFile(directory), sha256(text), { mode: 0o600 });
}

/**
 * Follows the host's resolv.conf for a running container. What the container itself has written there stays.
 * @returns whether the file was written
 */
export async function updateResolvConf(directory: string, request: HostFilesRequest): Promise<boolean> {
  const [now, digest] = await Promise.all([read(hostFilePaths(directory).resolvConf), read(digestFile(directory))]);
  const text = resolvConfText(request, hostTextFor(request));
  if (text === now || sha256(now) !== digest) return false;
  await writeResolvConf(directory, text);
  return true;
}

const read = (file: string) => readFile(file, 'utf8').catch(() => '');

/** hosts(5) of a container. */
export function hostsText(request: HostFilesRequest, hostText: string): string {
  const { hostname, domainname } = request;
  const names = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
  const lines = request.hostNetwork
    ? [hostText.trimEnd()]
    : [
        '127.0.0.1\tlocalhost',
        '::1\tlocalhost ip6-localhost ip6-loopback',
        'fe00::\tip6-localnet',
        'ff00::\tip6-mcastprefix',
        'ff02::1\tip6-allnodes',
        'ff02::2\tip6-allrouters',
        ...(request.linked ?? []).map(({ address, names: all }) => `${address}\t${all}`),
        // without a bridge the own name must resolve all the same
        `${request.endpoint?.address ?? '127.0.1.1'}\t${names}`,
      ];
  return `${[...lines, ...extraHostLines(request)].join('\n')}\n`;
}

const hostGateway = 'host-gateway';
const hostName = 'host.docker.internal';

/** `host-gateway` stands for where the host answers; `host.docker.internal` is that by itself, as in Docker Desktop. */
function extraHostLines({ extraHosts, endpoint, hostNetwork }: HostFilesRequest): string[] {
  const host = hostNetwork ? '127.0.0.1' : endpoint?.gateway;
  const asked = extraHosts.flatMap((extra) => {
    const at = extra.search(/[:=]/);
    const value = extra.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
    const address = value === hostGateway ? host : value;
    return at > 0 && address ? [{ name: extra.slice(0, at), address }] : [];
  });
  const own =
    endpoint && !asked.some(({ name }) => name === hostName) ? [{ name: hostName, address: endpoint.gateway }] : [];
  return [...asked, ...own].map(({ name, address }) => `${address}\t${name}`);
}

/** Docker's own choice where the host names no server that a container can reach. */
const lastResort = ['8.8.8.8', '8.8.4.4'];

/**
 * resolv.conf(5): what is asked, else the host's without the servers that cannot be reached from a bridge (unless the
 * network is the host's).
 */
export function resolvConfText(request: HostFilesRequest, hostText: string): string {
  const lines = hostText.split('\n').map((line) => line.trim());
  const of = (keyword: string) =>
    lines.filter((line) => line.split(/\s+/)[0] === keyword).map((line) => line.slice(keyword.length).trim());
  const found = of('nameserver').filter((server) => request.hostNetwork || isReachable(server));
  const hosts = found.length > 0 || request.hostNetwork ? found : lastResort;
  const servers = request.dns.length > 0 ? request.dns : hosts;
  const searches =
    request.dnsSearch.length > 0 ? request.dnsSearch.filter((domain) => domain !== '.') : of('search').slice(-1);
  const options = request.dnsOptions.length > 0 ? request.dnsOptions : of('options');
  return [
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(searches.length > 0 ? [`search ${searches.join(' ')}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('');
}
