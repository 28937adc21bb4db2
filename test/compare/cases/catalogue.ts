import type { Group } from '../steps.ts';
import { attach } from './attach.ts';
import { containerRequests } from './container-requests.ts';
import { containers } from './containers.ts';
import { execs } from './execs.ts';
import { files } from './files.ts';
import { health } from './health.ts';
import { inspections } from './inspections.ts';
import { logs } from './logs.ts';
import { networkEvents } from './network-events.ts';
import { prunes } from './prunes.ts';
import { runs } from './runs.ts';
import { streams } from './streams.ts';
import { system } from './system.ts';
import { terminals } from './terminals.ts';
import { updates } from './updates.ts';
import { volumes } from './volumes.ts';

/** In the order in which a user would read `docker --help`; compared whenever tests run. */
export const groups: readonly Group[] = [
  ...runs,
  ...containers,
  ...execs,
  ...files,
  ...health,
  ...volumes,
  ...system,
  ...containerRequests,
];

/** What takes its time: compared by `npm run compare` and `npm run test:long -- compare`. */
export const longGroups: readonly Group[] = [
  ...inspections,
  ...updates,
  ...terminals,
  ...attach,
  ...logs,
  ...streams,
  ...networkEvents,
  ...prunes,
];
