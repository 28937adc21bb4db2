import type { EngineEvent } from '../../events/event-bus.ts';
import type { Filters } from './query.ts';

export const eventFilters = [
  'config',
  'container',
  'daemon',
  'event',
  'id',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

const starts = (values: readonly string[], ...texts: readonly (string | undefined)[]) =>
  values.some((value) => texts.some((text) => text?.startsWith(value)));

/** `docker events --filter label=key` or `label=key=value`. */
function hasLabel(attributes: Readonly<Record<string, string>>, label: string): boolean {
  const cut = label.indexOf('=');
  if (cut < 0) return Object.hasOwn(attributes, label);
  const key = label.slice(0, cut);
  return Object.hasOwn(attributes, key) && attributes[key] === label.slice(cut + 1);
}

const withoutTag = (reference: string) => reference.replace(/:[^:/]*$/, '').replace(/@.*$/, '');

function matches(event: EngineEvent, key: string, values: readonly string[]): boolean {
  const { type, action, actor } = event;
  const { id, attributes } = actor;
  switch (key) {
    case 'event':
      return values.includes(action) || values.includes(action.replace(/: .*$/s, ''));
    case 'type':
      return values.includes(type);
    case 'scope':
      return values.includes('local');
    case 'id':
      return values.includes(id);
    case 'label':
      return values.every((label) => hasLabel(attributes, label));
    case 'image': {
      const names = type === 'image' ? [id, attributes.name] : [attributes.image];
      const all = names.flatMap((name) => (name === undefined ? [] : [name, withoutTag(name)]));
      return (type === 'image' || type === 'container') && values.some((value) => all.includes(value));
    }
    default:
      // container=, network=, volume=, daemon=: the actor of that type by id or name
      return type === key && starts(values, id, attributes.name);
  }
}

/** Whether an event passes (moby `daemon/events.Filter`). */
export function passes(event: EngineEvent, filters: Filters): boolean {
  return Object.entries(filters).every(([key, values]) => matches(event, key, values));
}

/** One line of GET /events. `timeNano` is beyond what a JavaScript number holds, so its digits are set in. */
export function eventToWire({ type, action, actor, timeNano }: EngineEvent): string {
  const attributes = { ...actor.attributes };
  // what clients older than API 1.22 read
  const old = {
    ...(type === 'container' && { status: action, id: actor.id, from: attributes.image }),
    ...(type === 'image' && { status: action, id: actor.id }),
  };
  const text = JSON.stringify({
    ...old,
    Type: type,
    Action: action,
    Actor: { ID: actor.id, Attributes: attributes },
    scope: 'local',
    time: Number(timeNano / 1_000_000_000n),
  });
  return `${text.slice(0, -1)},"timeNano":${timeNano}}`;
}
