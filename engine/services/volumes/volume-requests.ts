import { randomBytes } from 'node:crypto';
import { EngineError } from '../../base/errors.ts';
import type { CreateVolume } from './volume-service.ts';

export const localDriver = 'local';

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const knownOptions = new Set(['type', 'o', 'device', 'size']);
/** What an option cannot be without. */
const needed: Readonly<Record<string, readonly string[]>> = {
  device: ['type'],
  type: ['device'],
  o: ['device', 'type'],
};

export const newVolumeName = () => randomBytes(32).toString('hex');

/** @throws EngineError `invalid` or `not-found` in Docker's words. */
export function checkVolume(name: string, { driver, options = {} }: CreateVolume): void {
  const refuse = (why: string) => {
    throw new EngineError('invalid', `create ${name}: ${why}`);
  };
  if (driver && driver !== localDriver) {
    const message = `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`;
    throw new EngineError('not-found', message, { reason: 'volume.driver-not-found', params: { driver } });
  }
  if (name.length === 1) refuse('volume name is too short, names should be at least two alphanumeric characters');
  if (!namePattern.test(name)) {
    const message = `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`;
    throw new EngineError('invalid', message, { reason: 'volume.name-invalid', params: { name } });
  }
  // as long as a directory's name can be
  if (name.length > 255) refuse('volume name is too long, names should be at most 255 characters');
  const unknown = Object.keys(options).find((option) => !knownOptions.has(option));
  if (unknown !== undefined) refuse(`invalid option: "${unknown}"`);
  for (const [option, others] of Object.entries(needed)) {
    const missing = options[option] === undefined ? undefined : others.find((other) => options[other] === undefined);
    if (missing !== undefined) refuse(`missing required option: "${missing}"`);
  }
  if (options.size !== undefined) refuse('quota size requested but no quota support');
}

export function noSuchVolume(name: string): EngineError {
  return new EngineError('not-found', `get ${name}: no such volume`, { reason: 'volume.not-found', params: { name } });
}
