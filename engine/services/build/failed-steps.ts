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
/** Milliseconds that an image stays without a container. */
const asked = 10_000;

export function createFailedSteps(
  images: Pick<ImageService, 'list' | 'remove'> & { forBuilds: BuildImages },
): FailedSteps {
  const builds = new Map<string, Map<number, FailedStep>>();
  const fresh = new Set<Digest>();
  return {
    put(build, failed) {
      const steps = builds.get(build) ?? new Map<number, FailedStep>();
      builds.set(build, steps.set(failed.node.step.number, failed));
      for (const id of [...builds.keys()].slice(0, -most)) builds.delete(id);
    },
    async image(build, step) {
      const failed = builds.get(build)?.get(step);
      if (!failed) throw forgotten(build, step);
      const id = await imageOf(images.forBuilds, failed, { build, step });
      // whoever asked makes a container of it
      fresh.add(id);
      setTimeout(() => fresh.delete(id), asked).unref();
      return id;
    },
    async sweep() {
      for (const { id, config, repoTags, history } of await images.list()) {
        // labels are inherited, by what was committed too; ours have no history
        if (repoTags.length > 0 || !(label in config.labels) || history.length > 0 || fresh.has(id)) continue;
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

async function imageOf(
  images: BuildImages,
  { node, input, platform }: FailedStep,
  { build, step }: { build: string; step: number },
): Promise<Digest> {
  const lease = images.leases.open();
  try {
    for (const { digest } of input.layers) lease.hold('content', digest);
    const isThere = await Promise.all(input.layers.map(({ digest }) => images.has(digest)));
    if (!isThere.every(Boolean)) throw forgotten(build, step);
    const environment = node.op === 'exec' ? node.environment : [];
    const config = {
      ...emptyConfig,
      environment: environment.filter((entry) => !mayBeSecret(entry.split('=')[0] ?? '')),
      labels: { [label]: `${build} ${step}` },
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
