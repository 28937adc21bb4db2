import { rmSync, statSync, writeFileSync } from 'node:fs';

/** Space set aside beside the records, so that on a full disk an exit is still recorded and a removal still works. */
export interface Reserve {
  /** Gives the space free; whether there was any. */
  release(): boolean;
  /** Takes the space again when it was given free and there is room. */
  refill(): void;
}

const reservedBytes = 1024 * 1024;

/** @param file of the records; in memory there is nothing to reserve. */
export function openReserve(file: string): Reserve {
  if (file === ':memory:') return { release: () => false, refill() {} };
  const place = `${file}.reserve`;
  let held = statSync(place, { throwIfNoEntry: false })?.size === reservedBytes;
  const reserve: Reserve = {
    release() {
      const had = held;
      rmSync(place, { force: true });
      held = false;
      return had;
    },
    refill() {
      if (held) return;
      try {
        writeFileSync(place, Buffer.alloc(reservedBytes), { mode: 0o600 });
        held = true;
      } catch {
        rmSync(place, { force: true });
      }
    },
  };
  reserve.refill();
  return reserve;
}
