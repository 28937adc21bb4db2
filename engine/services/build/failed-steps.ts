import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { emptyConfig } from '../../dockerfile/image-config.ts';
import { mayBeSecret } from '../../dockerfile/secret-names.ts';
import type { BuildImages, ImagePlatform, ImageService } from '../images/image-service.ts';
import type { Tree, WorkNode } from './node.ts';

interface FailedStep {
  node: WorkNode;
  /** What it began with. */
  input: Tree;
  platform: ImagePlatform;
}

/** What the steps that failed had before them, of the last builds of this engine: for a look at why. */
export interface FailedSteps {
  put(build: string, failed: FailedStep): void;
  /**
   * An image without a name of the files before a step, with its variables (those that look like secrets left out), user and
   * directory. It goes by `sweep` when no container is made of it any more.
   * @throws EngineError `not-found` (`build.step-forgotten`)
   */
  image(build: string, step: number): Promise<Digest>;
  sweep(): Promise<void>;
}

/** Builds that are remembered. */
const most = 20;
const label = 'dev.beluga.before-step';

export function createFailedSteps(
  images: Pick<ImageService, 'list' | 'remove'> & { forBuilds: BuildImages },
): FailedSteps {
  const builds = new Map<string, Map<number, FailedStep>>();
  return {
    put(build, failed) {
      const steps = builds.get(build) ?? new Map<number, FailedStep>();
      builds.set(build, steps.set(failed.node.step.number, failed));
      for (const id of [...builds.keys()].slice(0, -most)) builds.delete(id);
    },
    async image(build, step) {
      const failed = builds.get(build)?.get(step);
      if (!failed) throw forgotten(build, step);
      return imageOf(images.forBuilds, failed, `${build} ${step}`);
    },
    async sweep() {
      for (const { id, config, repoTags } of await images.list()) {
        if (repoTags.length > 0 || !(label in config.labels)) continue;
        // one that has a container is refused, and stays
        await images.remove(id).catch(() => {});
      }
    },
  };
}

const forgotten = (build: string, step: number) =>
  new EngineError('not-found', `what step ${step} of the build ${build} began with is not remembered: build again`, {
    reason: 'build.step-forgotten',
    params: { id: build, step },
  });

async function imageOf(images: BuildImages, { node, input, platform }: FailedStep, about: string): Promise<Digest> {
  const lease = images.leases.open();
  try {
    for (const { digest } of input.layers) lease.hold('content', digest);
    const environment = node.op === 'exec' ? node.environment : [];
    const config = {
      ...emptyConfig,
      environment: environment.filter((entry) => !mayBeSecret(entry.split('=')[0] ?? '')),
      labels: { [label]: about },
      command: ['/bin/sh'],
      ...(node.op === 'exec' && { user: node.user, workingDirectory: node.workingDirectory }),
    };
    const layers = input.layers.map(({ created: _, ...layer }) => layer);
    const { id } = await images.make({ layers, config, platform, references: [], history: [] }, lease);
    return id;
  } finally {
    lease.release();
  }
}
