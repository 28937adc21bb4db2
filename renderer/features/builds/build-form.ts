import type { BuildFolder, BuildForm, DockerfileOffers } from '../../../electron/bridge/builds.ts';
import { familiarName, isReference } from '../../host/references.ts';
import type { NameValueRow } from '../../ui/name-value-rows.tsx';

/** The form as it is filled in. */
export interface BuildFields extends Omit<BuildForm, 'arguments'> {
  readonly rows: readonly NameValueRow[];
}

let last = 0;
export const nextKey = (): number => ++last;

/** Of a folder's own name, what an image can be called. */
function nameFor(folder: string): string {
  const part = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? '';
  return part
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '');
}

export function firstFields(given: Partial<BuildForm>): BuildFields {
  const { folder = '', arguments: named = [], reference } = given;
  return {
    ...{ folder, dockerfile: given.dockerfile ?? 'Dockerfile', target: given.target ?? '' },
    ...{ platform: given.platform ?? '', reference: reference ?? nameFor(folder) },
    ...{ noCache: given.noCache ?? false, pull: given.pull ?? false, leaveOut: given.leaveOut ?? [] },
    rows: named.map((row) => ({ ...row, key: nextKey() })),
  };
}

/** With another folder: what belongs to the one before goes. */
export function withFolder(fields: BuildFields, folder: string): BuildFields {
  return { ...firstFields({ folder, platform: fields.platform, pull: fields.pull }), noCache: fields.noCache };
}

/** What a look into the folder has found wrong with the form. */
export function mended(fields: BuildFields, { dockerfiles }: BuildFolder): BuildFields {
  const [first] = dockerfiles;
  if (first === undefined || dockerfiles.includes(fields.dockerfile)) return fields;
  return { ...fields, dockerfile: first };
}

/** Arguments that the Dockerfile names and the form has not. */
export const unnamed = ({ rows }: BuildFields, offers: DockerfileOffers | undefined) =>
  (offers?.arguments ?? []).filter(({ name }) => !rows.some((row) => row.name === name));

export const badName = ({ reference }: BuildFields): boolean =>
  reference.trim() !== '' && !(isReference(familiarName(reference)) && !reference.includes('@'));

const isRow = ({ name }: NameValueRow) => name.trim() !== '';

export function formOf({ rows, ...fields }: BuildFields): BuildForm {
  return {
    ...fields,
    reference: familiarName(fields.reference),
    arguments: rows.filter(isRow).map(({ name, value }) => ({ name: name.trim(), value })),
  };
}
