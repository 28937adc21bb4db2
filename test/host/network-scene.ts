import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, runToEnd } from '../docker-cli.ts';

/** Addresses for documentation (RFC 5737): nobody routes them. */
export const hostAddress = '198.51.100.1';
export const lanAddress = '198.51.100.2';
/** The host's on the LAN by IPv6, for documentation too (RFC 3849). */
export const hostAddress6 = '2001:db8::1';

export const udpProgram = fileURLToPath(new URL('./udp.mjs', import.meta.url));

/**
 * Two network namespaces: a host for the engine, with forwarding off as on a new machine, and its LAN, which is also its
 * way out. Nothing is changed outside of them.
 */
export interface NetworkScene {
  /** Prefix for the engine's launcher. */
  readonly prefix: readonly string[];
  /** Likewise for a program in the LAN: arguments of nsenter. */
  readonly lanArguments: readonly string[];
  inHost(...command: string[]): Promise<Ended>;
  inLan(...command: string[]): Promise<Ended>;
  /** Links and rules of the host namespace: what an engine that has ended must not leave. */
  leftOvers(): Promise<string[]>;
  close(): void;
}

export function openNetworkScene(): NetworkScene {
  const name = `bt${randomBytes(3).toString('hex')}`;
  const [host, lan] = [`${name}h`, `${name}l`];
  const ip = (...args: string[]) => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const file = (namespace: string) => path.join('/run/netns', namespace);
  const enter = (namespace: string) => ['nsenter', `--net=${file(namespace)}`, '--'];
  const inside = (namespace: string, command: readonly string[]) => {
    const [program = '', ...args] = [...enter(namespace), ...command];
    return runToEnd(program, args, { boundMs: 30_000 });
  };
  for (const namespace of [host, lan]) {
    ip('netns', 'add', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  ip('-n', host, 'link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', lan);
  ip('-n', host, 'address', 'add', `${hostAddress}/24`, 'dev', 'uplink');
  ip('-n', lan, 'address', 'add', `${lanAddress}/24`, 'dev', 'eth0');
  // without the search for duplicates they can be used at once
  ip('-n', host, 'address', 'add', `${hostAddress6}/64`, 'dev', 'uplink', 'nodad');
  ip('-n', lan, 'address', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
  ip('-n', host, 'link', 'set', 'uplink', 'up');
  ip('-n', lan, 'link', 'set', 'eth0', 'up');
  ip('-n', host, 'route', 'add', 'default', 'via', lanAddress);
  return {
    prefix: enter(host),
    lanArguments: enter(lan).slice(1),
    inHost: (...command) => inside(host, command),
    inLan: (...command) => inside(lan, command),
    async leftOvers() {
      const links = (await inside(host, ['ip', '-o', 'link'])).stdout.split('\n').filter(Boolean);
      const rules = (await inside(host, ['/usr/sbin/nft', 'list', 'ruleset'])).stdout.trim();
      return [...links.filter((line) => !/: (lo|uplink)[@:]/.test(line)), ...(rules === '' ? [] : [rules])];
    },
    close() {
      for (const namespace of [host, lan]) ip('netns', 'delete', namespace);
    },
  };
}
