import { type Channel, pulledChannel } from '../../base/channel.ts';
import { readCriLog } from '../../drivers/oci/cri-log.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { LogOptions, LogRecord } from './container-service.ts';
import type { ExitWaits } from './exit-waits.ts';
import { logAttributes } from './log-config.ts';
import { isLive } from './state-machine.ts';

/** Reads containers' logs; following goes on until the exit is recorded, and only for one that runs, as in Docker. */
export function createLogReader({ paths, waits }: { paths: ContainerPaths; waits: ExitWaits }) {
  const read = (record: ContainerRecord, { follow, details: _, ...options }: LogOptions): Channel<LogRecord> => {
    const file = paths.log(record.id);
    if (!follow || !isLive(record.state)) return readCriLog({ file, ...options });
    const exit = waits.wait(record.id, 'next-exit');
    const followUntil = exit.next().catch(() => undefined);
    const log = readCriLog({ file, ...options, followUntil });
    return pulledChannel({
      next: () => log.next(),
      return: async () => {
        await exit.return();
        return log.return();
      },
    });
  };
  return (record: ContainerRecord, options: LogOptions): Channel<LogRecord> =>
    options.details ? withAttributes(read(record, options), logAttributes(record)) : read(record, options);
}

function withAttributes(
  records: Channel<LogRecord>,
  attributes: NonNullable<LogRecord['attributes']>,
): Channel<LogRecord> {
  return pulledChannel({
    async next() {
      const result = await records.next();
      return result.done ? result : { done: false, value: { ...result.value, attributes } };
    },
    return: () => records.return(),
  });
}
