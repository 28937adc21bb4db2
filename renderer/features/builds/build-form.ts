import type { BuildFolder, BuildForm, DockerfileOffers } from '../../../electron/bridge/builds.ts';
import { familiarName, isReference } from '../../host/references.ts';
import type { NameValueRow } from '../../ui/name-value-rows.tsx';
import { nextKey } from '../../ui/rows.ts';

export interface SecretRow {
  readonly key: number;
  readonly id: string;
  readonly value: string;
  /** Instead of a value: a file that was read; one that is too large has no content. */
  readonly file?: { readonly name: string; readonly content: string | undefined } | undefined;
}

/** The form as it is filled in. */
export interface BuildFields extends Omit<BuildForm, 'arguments' | 'secrets'> {
  readonly rows: readonly NameValueRow[];
  readonly secrets: readonly SecretRow[];
}

/** Of a folder's own name, what an image can be called. */
function nameFor(folder: string): string {
  const part = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? '';
  return part
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '');
}

export function firstFields(given: Partial<BuildForm>): BuildFields {
  const { folder = '', arguments: named = [], secrets = [], reference } = given;
  return {
    ...{ folder, dockerfile: given.dockerfile ?? 'Dockerfile', target: given.target ?? '' },
    ...{ platform: given.platform ?? '', reference: reference ?? nameFor(folder) },
    ...{ noCache: given.noCache ?? false, pull: given.pull ?? false, leaveOut: given.leaveOut ?? [] },
    rows: named.map((row) => ({ ...row, key: nextKey() })),
    secrets: secrets.map(({ id }) => ({ key: nextKey(), id, value: '' })),
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

const secretId = /^[\w.-]{1,128}$/;

export type SecretProblem = 'bad' | 'twice' | 'empty' | 'tooLarge';

export function secretProblem({ secrets }: BuildFields, row: SecretRow): SecretProblem | undefined {
  const id = row.id.trim();
  if (!secretId.test(id)) return 'bad';
  if (secrets.some((each) => each !== row && each.id.trim() === id)) return 'twice';
  if (row.file) return row.file.content === undefined ? 'tooLarge' : undefined;
  return row.value === '' ? 'empty' : undefined;
}

export const base64Of = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

export function formOf({ rows, secrets, ...fields }: BuildFields): BuildForm {
  return {
    ...fields,
    reference: familiarName(fields.reference),
    secrets: secrets.map(({ id, value, file }) => ({
      id: id.trim(),
      content: file?.content ?? base64Of(new TextEncoder().encode(value)),
    })),
    arguments: rows.filter(isRow).map(({ name, value }) => ({ name: name.trim(), value })),
  };
}
