import { unlessMissing } from '../../base/errors.ts';
import { isSameMachine, platformText } from '../../registry/platform.ts';
import { familiarReference, parseReference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { BaseImage, ImagePlatform } from '../images/image-service.ts';
import type { RegistryLogin } from '../registries/registry-service.ts';
import type { BuildRun } from './build-run.ts';
import type { BuildRequest } from './build-service.ts';
import type { StepPlace } from './node.ts';

interface Wanted {
  reference: string;
  platform: ImagePlatform;
  step: StepPlace;
  lease: Lease;
}

/** Finds a base image here, or pulls it. @throws what a pull throws */
export async function findBase(run: BuildRun, wanted: Wanted): Promise<BaseImage> {
  const { images, request, signal } = run;
  const { reference, platform, step, lease } = wanted;
  const text = platformText(platform);
  const here = (name: string) =>
    request.pull ? Promise.resolve(undefined) : unlessMissing(images.forBuilds.base(name, text, lease));
  const found = await here(reference);
  if (found) return found;
  const login = await loginFor(reference, request);
  const name = await nameToPull(run, wanted, login);
  const pinned = name === reference ? undefined : await here(name);
  if (pinned) return pinned;
  for await (const pull of images.pull({ reference: name, platform: text, ...(login && { login }) })) {
    signal.throwIfAborted();
    run.report({ step: step.number, pull, reference });
  }
  return images.forBuilds.base(name, text, lease);
}

/** For another machine by its digest: the tag stays what containers of this one are made from. */
async function nameToPull(
  { images, platform: own }: BuildRun,
  { reference, platform }: Wanted,
  login: RegistryLogin | undefined,
): Promise<string> {
  const { tag: _, ...parsed } = parseReference(reference);
  if (parsed.digest || isSameMachine(platform, own)) return reference;
  const { digest } = await images.lookUp(reference, login);
  return familiarReference({ ...parsed, digest });
}

/** Of the registry that a name belongs to. */
export async function loginFor(
  reference: string,
  { logins, client }: BuildRequest,
): Promise<RegistryLogin | undefined> {
  const { domain } = parseReference(reference);
  const hub = 'https://index.docker.io/v1/';
  const names = domain === 'docker.io' ? [hub, domain] : [domain];
  const given = names.map((name) => logins[name]).find((login) => login !== undefined);
  return given ?? client?.login(names[0] ?? domain);
}
