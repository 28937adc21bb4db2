/**
 * What is done with the engine on this machine, by hand:
 *
 *   beluga service install [--root DIR] [flags of the engine…]    starts it with the machine, by systemd
 *   beluga service remove  [--root DIR]
 *
 * `--root`: the system in this folder, an image that is being made, instead of the machine's. Failures are one line on
 * stderr.
 */
import path from 'node:path';
import { EngineError, toEngineError } from '../base/errors.ts';
import { installService, removeService, servicePlaces } from './service.ts';

const usage = () =>
  new EngineError('invalid', 'usage: beluga service install|remove [--root DIR] [flags of the engine for install]');

async function main([noun, verb, ...words]: readonly string[]): Promise<void> {
  if (noun !== 'service') throw usage();
  const at = words.findIndex((word) => word === '--root' || word.startsWith('--root='));
  const joined = words[at]?.startsWith('--root=') ?? false;
  const root = at < 0 ? '/' : joined ? words[at]?.slice('--root='.length) : words[at + 1];
  const flags = at < 0 ? words : words.toSpliced(at, joined ? 1 : 2);
  if (!root) throw usage();
  const places = servicePlaces(path.resolve(root), (said) => process.stdout.write(`${said}\n`));
  if (verb === 'install') return installService(places, flags);
  if (verb !== 'remove' || flags.length > 0) throw usage();
  return removeService(places);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`beluga: ${toEngineError(error).message}\n`);
  process.exitCode = 1;
}
