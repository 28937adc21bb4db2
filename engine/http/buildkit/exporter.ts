import { notThereYet } from '../not-there-yet.ts';
import type { SolveRequest } from './generated/control_pb.ts';

export interface Output {
  type: string;
  attributes: Readonly<Record<string, string>>;
}

const elsewhere: Readonly<Record<string, string>> = {
  local: 'files of a build in a folder (-o type=local)',
  tar: 'files of a build as an archive (-o type=tar)',
  docker: 'a build as an archive for docker load (-o type=docker)',
  oci: 'a build as an OCI archive (-o type=oci)',
};

/** Names that the outputs give to the image. @throws EngineError `not-implemented` for what does not end in our store */
export function namesOfOutputs(outputs: readonly Output[]): string[] {
  return outputs.flatMap(({ type, attributes }) => {
    if (type !== '' && type !== 'moby' && type !== 'image' && type !== 'cacheonly')
      throw notThereYet(elsewhere[type] ?? `a build's output of type ${type}`);
    if (attributes.push === 'true') throw notThereYet('pushing at the end of a build (--push)');
    return (attributes.name ?? '').split(',').filter((name) => name !== '');
  });
}

/** What a request wants done with what was built, by clients of before 2024 too. */
export function outputsOf({ Exporters, ExporterDeprecated, ExporterAttrsDeprecated }: SolveRequest): Output[] {
  if (Exporters.length > 0) return Exporters.map(({ Type, Attrs }) => ({ type: Type, attributes: Attrs }));
  return ExporterDeprecated === '' ? [] : [{ type: ExporterDeprecated, attributes: ExporterAttrsDeprecated }];
}
