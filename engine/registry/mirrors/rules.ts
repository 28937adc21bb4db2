import { type Endpoint, endpointOfDomain, endpointText, parseEndpoint } from '../endpoint.ts';
import { type Reference, repositoryOf } from '../reference.ts';
import type { FixedRegistries } from './registry-book.ts';
import type { RegistryRule, RegistrySettings } from './registry-settings.ts';

/** Who can be asked for a repository. */
export interface RepositoryEndpoints {
  /** The registry itself; never a mirror, and the only one that is pushed to. */
  upstream: Endpoint;
  /** As they are listed. */
  mirrors: readonly Endpoint[];
  order: RegistryRule['order'];
  mirrorOnly: boolean;
}

/** The rule with the longest prefix that holds the repository. */
export function ruleOf(rules: readonly RegistryRule[], repository: string): RegistryRule | undefined {
  const fitting = rules.filter(({ prefix }) => repository === prefix || repository.startsWith(`${prefix}/`));
  return fitting.sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

/** By the settings, and the mirrors of flags and daemon.json, which are docker.io's. */
export function endpointsOf(
  settings: RegistrySettings,
  fixed: FixedRegistries,
  { domain, path }: Pick<Reference, 'domain' | 'path'>,
): RepositoryEndpoints {
  const rule = ruleOf(settings.rules, repositoryOf({ domain, path }));
  const own = (rule?.mirrors ?? []).filter(({ off }) => !off).map(({ url }) => url);
  const all = [...own, ...(domain === 'docker.io' ? fixed.mirrors : [])].map(parseEndpoint);
  const upstream = rule?.upstream === undefined ? endpointOfDomain(domain) : parseEndpoint(rule.upstream);
  const mirrors = new Map(all.map((endpoint) => [endpointText(endpoint), endpoint]));
  mirrors.delete(endpointText(upstream));
  return {
    upstream,
    mirrors: [...mirrors.values()],
    order: rule?.order ?? 'fixed',
    mirrorOnly: (rule?.mirrorOnly ?? false) && mirrors.size > 0,
  };
}
