/** Asks a registry whether it is there, with the certificates of this computer: `check-registry.ts HOST`. */
import { checkRegistry } from '../../engine/registry/lists.ts';
import { openClient } from './client-scene.ts';

const { HTTPS_PROXY = '' } = process.env;
using scene = openClient({ address: process.argv[2] ?? '', proxies: { HTTPS_PROXY } });
await checkRegistry(scene.work.session, new AbortController().signal);
