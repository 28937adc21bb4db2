import { EngineError } from '../base/errors.ts';
import type { BuildService } from '../services/build/build-service.ts';
import type { BuildRunService } from '../services/build-runs/build-run-service.ts';
import type { RegistryService } from '../services/registries/registry-service.ts';
import type { TransferService } from '../services/transfers/transfer-service.ts';
import type { VolumeService } from '../services/volumes/volume-service.ts';
import type { DoorWorld } from './door-services.ts';

const notUsed = (what: string) => (): never => {
  throw new EngineError('internal', `${what}: no test asked for this`);
};

/** Answers of registries; nothing is set. */
export function registriesOf(world: DoorWorld): RegistryService {
  return {
    checkLogin: async (address, login) => {
      world.calls.push(['check login', address, login]);
      if (world.fail) throw world.fail;
    },
    overview: () => ({
      settings: { rules: [], insecure: [], hosts: {} },
      fixed: { mirrors: [], insecure: [] },
      health: [],
      logins: [],
    }),
    apply: notUsed('apply'),
    readConfiguration: notUsed('readConfiguration'),
    setLogin: notUsed('setLogin'),
    testMirror: notUsed('testMirror'),
    search: notUsed('search'),
    names: notUsed('names'),
    tags: notUsed('tags'),
  };
}

export const unusedBuilds: BuildService = {
  build: notUsed('build'),
  look: notUsed('look'),
  cache: async () => [],
  prune: notUsed('prune'),
  imageBefore: notUsed('imageBefore'),
};

export const unusedBuildRuns: BuildRunService = {
  list: () => [],
  watch: notUsed('watch'),
  one: notUsed('one'),
  watchOne: notUsed('watchOne'),
  log: notUsed('log'),
  cancel: notUsed('cancel'),
  remove: notUsed('remove'),
};

export const unusedVolumes: VolumeService = {
  create: notUsed('create'),
  list: () => [],
  inspect: notUsed('inspect'),
  remove: notUsed('remove'),
  prune: notUsed('prune'),
  usage: async () => [],
};

export const unusedTransfers: TransferService = {
  list: notUsed('list'),
  watch: notUsed('watch'),
  begin: notUsed('begin'),
  goOn: notUsed('goOn'),
  pause: notUsed('pause'),
  resume: notUsed('resume'),
  cancel: notUsed('cancel'),
};
