import type {
  HostSettings,
  MirrorSetting,
  RegistryRule,
  RegistrySettings,
} from '../../../../electron/bridge/registries.ts';

export const dockerHub = 'docker.io';

/** Docker Hub's name is not the host that is asked. */
const apiHosts: Readonly<Record<string, string>> = {
  'docker.io': 'registry-1.docker.io',
  'index.docker.io': 'registry-1.docker.io',
};

/** The host under which the engine keeps what belongs to a registry: certificates, proxy, health. */
export const apiHostOf = (host: string): string => apiHosts[host] ?? host;

/** The registry that a rule's prefix begins with: `ghcr.io` of `ghcr.io/acme`. */
export const domainOf = (prefix: string): string => prefix.split('/')[0] ?? prefix;

function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function urlOf(address: string): URL | undefined {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;
  return parsedUrl(text);
}

/** `host` or `host:port` of an address. */
export const hostOf = (address: string): string | undefined => urlOf(address)?.host || undefined;

/** An address as the engine names its endpoint: `https://mirror.example/project`. */
export function endpointOf(address: string): string | undefined {
  const url = urlOf(address);
  if (!url) return undefined;
  const path = url.pathname
    .replace(/\/+$/, '')
    .replace(/\/v2$/, '')
    .replace(/^\/v2\//, '/');
  return `${url.protocol}//${apiHostOf(url.host)}${path}`;
}

/** The registry itself, as it is signed in to: what stands for it, else what the prefix names. */
export const registryHostOf = ({ prefix, upstream }: RegistryRule): string =>
  (upstream === undefined ? undefined : hostOf(upstream)) ?? domainOf(prefix);

export const registryEndpointOf = ({ prefix, upstream }: RegistryRule): string =>
  endpointOf(upstream ?? domainOf(prefix)) ?? domainOf(prefix);

/** Hosts that have to do with a rule, the registry itself first; each once. */
export function hostsOf(rule: RegistryRule, fixedMirrors: readonly string[]): readonly string[] {
  const mirrors = [...rule.mirrors.map(({ url }) => url), ...fixedMirrors].flatMap((address) => hostOf(address) ?? []);
  return [...new Set([registryHostOf(rule), ...mirrors])];
}

const emptyRule = (prefix: string): RegistryRule => ({ prefix, mirrors: [], order: 'auto', mirrorOnly: false });

/** The rules to show: docker.io is always there, and first. */
export function shownRules({ rules }: RegistrySettings): readonly RegistryRule[] {
  const hub = rules.find(({ prefix }) => prefix === dockerHub) ?? emptyRule(dockerHub);
  return [hub, ...rules.filter(({ prefix }) => prefix !== dockerHub)];
}

export function withRule(settings: RegistrySettings, prefix: string): RegistrySettings {
  if (settings.rules.some((rule) => rule.prefix === prefix)) return settings;
  return { ...settings, rules: [...settings.rules, emptyRule(prefix)] };
}

/** A rule changed; one that was only shown comes to be. */
export function changedRule(
  settings: RegistrySettings,
  prefix: string,
  change: (rule: RegistryRule) => RegistryRule,
): RegistrySettings {
  const all = withRule(settings, prefix).rules;
  return { ...settings, rules: all.map((rule) => (rule.prefix === prefix ? change(rule) : rule)) };
}

export function withoutRule(settings: RegistrySettings, prefix: string): RegistrySettings {
  return { ...settings, rules: settings.rules.filter((rule) => rule.prefix !== prefix) };
}

/** A mirror put in: at its place when it is there, else last. */
export function withMirror(rule: RegistryRule, mirror: MirrorSetting, instead?: string): RegistryRule {
  const at = rule.mirrors.findIndex(({ url }) => url === (instead ?? mirror.url));
  if (at < 0) return { ...rule, mirrors: [...rule.mirrors, mirror] };
  return { ...rule, mirrors: rule.mirrors.map((each, index) => (index === at ? mirror : each)) };
}

export function withoutMirror(rule: RegistryRule, url: string): RegistryRule {
  return { ...rule, mirrors: rule.mirrors.filter((mirror) => mirror.url !== url) };
}

/** A mirror at another place; where there is none, nothing moves. */
export function movedMirror(rule: RegistryRule, from: number, to: number): RegistryRule {
  const moving = rule.mirrors[from];
  if (!moving || from === to || to < 0 || to >= rule.mirrors.length) return rule;
  const others = rule.mirrors.filter((_, index) => index !== from);
  return { ...rule, mirrors: [...others.slice(0, to), moving, ...others.slice(to)] };
}

export const hostSettings = (settings: RegistrySettings, host: string): HostSettings =>
  settings.hosts[apiHostOf(host)] ?? {};

/** What belongs to a host changed; what is empty goes. */
export function withHost(settings: RegistrySettings, host: string, change: HostSettings): RegistrySettings {
  const { [apiHostOf(host)]: before = {}, ...others } = settings.hosts;
  const next = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined));
  return { ...settings, hosts: { ...others, ...(Object.keys(next).length > 0 && { [apiHostOf(host)]: next }) } };
}

/** Named as itself; a network (CIDR) or a name without a port may say so as well, which the engine knows better. */
export const isInsecure = (listed: readonly string[], host: string): boolean => listed.includes(apiHostOf(host));

export function withInsecure(settings: RegistrySettings, host: string, insecure: boolean): RegistrySettings {
  const others = settings.insecure.filter((each) => each !== apiHostOf(host));
  return { ...settings, insecure: insecure ? [...others, apiHostOf(host)] : others };
}

export type AddressProblem = 'address' | 'scheme' | 'credentials' | 'query' | 'path' | 'twice';

/** What is wrong with the address of a mirror or registry: `https://host[:port][/project]`; undefined: nothing. */
export function addressProblem(text: string, others: readonly string[] = []): AddressProblem | undefined {
  const address = text.trim();
  if (/\s/.test(address) || address === '') return 'address';
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'https' && scheme !== 'http') return 'scheme';
  if (/^([a-z]+:\/\/)?[^/]*@/i.test(address)) return 'credentials';
  const url = urlOf(address);
  if (!url || !/^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?$/.test(url.host)) return 'address';
  if (url.search || url.hash || address.includes('?') || address.includes('#')) return 'query';
  const path = url.pathname.replace(/\/+$/, '').replace(/^\/(v2(\/|$))?/, '');
  if (path !== '' && !/^[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(path)) return 'path';
  return others.some((other) => endpointOf(other) === endpointOf(address)) ? 'twice' : undefined;
}

export type PrefixProblem = 'prefix' | 'twice';

/** What is wrong with the name of a registry or repository; undefined: nothing. */
export function prefixProblem(text: string, { rules }: RegistrySettings): PrefixProblem | undefined {
  const [domain = '', ...path] = text.trim().split('/');
  const isRegistry = /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|\[[0-9a-f:.]+\])(:\d+)?$|^[a-z0-9-]+:\d+$/i.test(domain);
  if (!isRegistry || path.some((part) => !/^[a-z0-9]+([._-]+[a-z0-9]+)*$/.test(part))) return 'prefix';
  return text.trim() === dockerHub || rules.some(({ prefix }) => prefix === text.trim()) ? 'twice' : undefined;
}

/** A proxy is `http://host:port`, without a name and password, which the engine takes from its environment only. */
export function proxyProblem(text: string): boolean {
  const url = parsedUrl(text.trim());
  return !url || !/^https?:$/.test(url.protocol) || url.hostname === '' || url.username !== '' || url.password !== '';
}
