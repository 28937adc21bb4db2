import { constants } from 'node:os';
import { EngineError } from '../../base/errors.ts';

const names: Readonly<Record<string, number>> = constants.signals;
const realTimeMinimum = 34;
const realTimeMaximum = 64;

/**
 * A signal by name (with or without SIG, `RTMIN+n`, `RTMAX-n`) or number, as Docker takes it.
 * @throws EngineError `invalid` in Docker's words.
 */
export function signalNumber(signal: string): number {
  const number = /^\d+$/.test(signal) ? Number(signal) : byName(signal.toUpperCase().replace(/^SIG/, ''));
  if (number !== undefined && number >= 1 && number <= realTimeMaximum) return number;
  if (number) throw new EngineError('invalid', `the linux daemon does not support signal ${signal}`);
  throw new EngineError('invalid', `invalid signal: ${signal}`);
}

function byName(name: string): number | undefined {
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (!realTime) return names[`SIG${name}`];
  const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
  const number = (realTime[1] === 'MIN' ? realTimeMinimum : realTimeMaximum) + offset;
  return number >= realTimeMinimum ? number : undefined;
}
