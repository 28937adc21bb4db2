import { EngineError } from '../../base/errors.ts';
import { notThereYet } from '../not-there-yet.ts';
import type { SolveRequest } from './generated/control_pb.ts';

export interface Output {
  type: string;
  attributes: Readonly<Record<string, string>>;
}

/** What ends in our store of images. */
const ofStore = ['', 'moby', 'image'] as const;
/** What the client takes, and what a line of progress calls it. */
const ofClient = {
  local: 'exporting to client directory',
  tar: 'exporting to client tarball',
  docker: 'exporting to docker image format',
  oci: 'exporting to oci image format',
} as const;

export type ClientOutputType = keyof typeof ofClient;

/** An output that the client takes. */
export interface ClientOutput {
  /** Its number among those that were asked for. */
  number: number;
  type: ClientOutputType;
  /** Of its line of progress. */
  words: string;
  /** Names within an archive of an image. */
  names: readonly string[];
}

/** What is to become of a build. */
export interface OutputPlan {
  /** Of the image in our store; undefined: it is not wanted there. */
  names: readonly string[] | undefined;
  /** Of these, those that go to their registries. */
  pushed: readonly string[];
  ofClient: readonly ClientOutput[];
}

const isOfStore = (type: string) => (ofStore as readonly string[]).includes(type);
const isOfClient = (type: string): type is ClientOutputType => type in ofClient;
const isPushed = ({ attributes }: Output) => attributes.push === 'true';
const namesOf = ({ attributes }: Output) => (attributes.name ?? '').split(',').filter((name) => name !== '');

/** @throws EngineError `invalid` for an output that nobody knows, `not-implemented` for what is not done here */
export function planOutputs(outputs: readonly Output[], platforms: number): OutputPlan {
  const store = outputs.filter(({ type }) => isOfStore(type));
  const taken = outputs.flatMap((output, number): ClientOutput[] => {
    const { type } = output;
    refuseOptions(output);
    if (platforms > 1) refuseSeveral(output);
    if (!isOfClient(type)) return [];
    return [{ number, type, words: ofClient[type], names: type === 'docker' || type === 'oci' ? namesOf(output) : [] }];
  });
  return {
    names: store.length > 0 || outputs.length === 0 ? store.flatMap(namesOf) : undefined,
    pushed: store.filter(isPushed).flatMap(namesOf),
    ofClient: taken,
  };
}

/** Neither form of archive has a place for them (BuildKit refuses the first as well). */
function refuseSeveral({ type }: Output): void {
  if (type !== 'docker' && type !== 'tar') return;
  const instead = type === 'docker' ? 'oci' : 'local';
  throw new EngineError('invalid', `an output of type ${type} has one platform: use -o type=${instead} for several`, {
    reason: 'request.invalid',
    params: { field: 'output' },
  });
}

function refuseOptions({ type, attributes }: Output): void {
  if (!isOfStore(type) && !isOfClient(type) && type !== 'cacheonly')
    throw new EngineError(
      'invalid',
      `there is no output of type ${type}: image, local, tar, oci, docker and cacheonly are known`,
      { reason: 'request.invalid', params: { field: 'output' } },
    );
  if (attributes['push-by-digest'] === 'true') throw notThereYet('pushing a build without a name (push-by-digest)');
  if (attributes.push === 'true' && !attributes.name)
    throw new EngineError('invalid', 'tag is needed when pushing to registry', {
      reason: 'request.invalid',
      params: { field: 'output' },
    });
  if (attributes.tar === 'false') throw notThereYet('an OCI layout as a folder (-o type=oci,tar=false)');
  const { compression = 'uncompressed' } = attributes;
  if (compression !== 'uncompressed') throw notThereYet(`layers of a build compressed by ${compression}`);
}

/** What a request wants done with what was built, by clients of before 2024 too. */
export function outputsOf({ Exporters, ExporterDeprecated, ExporterAttrsDeprecated }: SolveRequest): Output[] {
  if (Exporters.length > 0) return Exporters.map(({ Type, Attrs }) => ({ type: Type, attributes: Attrs }));
  return ExporterDeprecated === '' ? [] : [{ type: ExporterDeprecated, attributes: ExporterAttrsDeprecated }];
}
