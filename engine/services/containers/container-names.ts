import { randomInt } from 'node:crypto';
import { EngineError } from '../../base/errors.ts';

const adjectives =
  'amber arctic bold breezy bright brisk calm candid clever coastal cosmic crisp curious daring deep eager fearless fluent fresh gentle gleaming golden graceful happy honest humble icy jolly keen kind lively lucid lunar mellow merry mighty modest nimble noble patient playful polar polite proud quick quiet radiant rapid serene sharp silent silver sincere sleek smooth snowy sociable solar steady stoic sunny swift tidal tranquil upbeat vivid warm wise witty'.split(
    ' ',
  );

/** People who studied the sea, the poles and the living things in them, and makers of ships and instruments. */
const surnames =
  'agassiz amundsen anning ballard barton beaufort beebe bering bougainville bowditch carson challenger cook cousteau darwin davidson earle ekman forbes franklin gagnan gould haeckel halley harrison hass heyerdahl hjort hudson humboldt hunley huxley jeffreys lamont linnaeus maury mercator mitchell munk nansen noether okada payne piccard plath powell ross sars scoresby shackleton sibley steller stommel sverdrup tharp thomson thorson turner vancouver walsh wegener whewell wilkes wust'.split(
    ' ',
  );

const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]';

/**
 * Takes the optional slash off and checks what may be a container's name.
 * @throws EngineError `invalid` (`container.name-invalid`) in Docker's words.
 */
export function checkName(name: string): string {
  const bare = name.startsWith('/') ? name.slice(1) : name;
  if (new RegExp(`^${allowed}+$`).test(bare)) return bare;
  throw new EngineError('invalid', `Invalid container name (${name}), only ${allowed} are allowed`, {
    reason: 'container.name-invalid',
    params: { name },
  });
}

/** Docker's refusal of a name that another container has. */
export function nameTaken(name: string, id: string): EngineError {
  return new EngineError(
    'conflict',
    `Conflict. The container name "/${name}" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    { reason: 'container.name-taken', params: { name, id } },
  );
}

/** A free name of the form adjective_surname; after some tries with a number behind it. */
export function generateName(isTaken: (name: string) => boolean): string {
  const pick = (list: readonly string[]) => list[randomInt(list.length)] ?? '';
  for (let round = 0; ; round++) {
    const name = `${pick(adjectives)}_${pick(surnames)}${round < 6 ? '' : randomInt(10 ** Math.min(9, round - 5))}`;
    if (!isTaken(name)) return name;
  }
}
