import type {
  EndpointHealth,
  MirrorSetting,
  Registries,
  RegistryRule,
} from '../../../../electron/bridge/registries.ts';
import { dockerHub, endpointOf, hostOf, registryEndpointOf, registryHostOf } from './registry-rules.ts';
import { type SourceState, sourceState } from './source-state.ts';

/** One that a rule's images may come from. */
export interface Source {
  /** `fixed`: from the engine's flags or its configuration file, and not changed here. */
  readonly role: 'mirror' | 'fixed' | 'registry';
  /** As it is written; of the registry itself its endpoint. */
  readonly url: string;
  /** `host` or `host:port`. */
  readonly host: string;
  readonly mirror?: MirrorSetting;
  readonly health: EndpointHealth | undefined;
  readonly state: SourceState;
}

/** In the order of the list; the registry itself last. */
export function sourcesOf({ health, fixed }: Registries, rule: RegistryRule, now: number): readonly Source[] {
  const healthOf = (address: string) => {
    const endpoint = endpointOf(address);
    return health.find((each) => each.endpoint === endpoint);
  };
  const plain: Omit<Source, 'state'>[] = [
    ...rule.mirrors.map((mirror) => ({
      role: 'mirror' as const,
      url: mirror.url,
      host: hostOf(mirror.url) ?? mirror.url,
      mirror,
      health: healthOf(mirror.url),
    })),
    ...(rule.prefix === dockerHub ? fixed.mirrors : []).map((url) => ({
      role: 'fixed' as const,
      url,
      host: hostOf(url) ?? url,
      health: healthOf(url),
    })),
    {
      role: 'registry' as const,
      url: registryEndpointOf(rule),
      host: registryHostOf(rule),
      health: healthOf(registryEndpointOf(rule)),
    },
  ];
  return plain.map((source) => {
    const others = plain.filter((other) => other !== source && other.role !== 'registry');
    const otherSpeeds = others.flatMap((other) => other.health?.speed ?? []);
    const off = source.mirror?.off ?? false;
    return { ...source, state: sourceState({ health: source.health, off, now, otherSpeeds }) };
  });
}
