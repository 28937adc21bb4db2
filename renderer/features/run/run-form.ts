import type { Image } from '../../../electron/bridge/host.ts';

export type Protocol = 'tcp' | 'udp';
export type RestartPolicy = 'no' | 'on-failure' | 'always' | 'unless-stopped';

/** Rows come and go: `key` tells them apart. */
interface Row {
  readonly key: number;
}

export interface PortRow extends Row {
  /** `8080`, `8000-8010`, or empty = any. */
  readonly host: string;
  readonly container: string;
  readonly protocol: Protocol;
  /** Empty = every address of the host. */
  readonly address: string;
}

export interface VariableRow extends Row {
  readonly name: string;
  readonly value: string;
}

export interface FolderRow extends Row {
  /** A path of this computer, or a volume's name. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface MemoryRow extends Row {
  readonly target: string;
  /** Megabytes; empty = no limit. */
  readonly size: string;
}

export interface RunForm {
  image: string;
  name: string;
  command: string;
  ports: readonly PortRow[];
  environment: readonly VariableRow[];
  folders: readonly FolderRow[];
  memory: readonly MemoryRow[];
  restart: RestartPolicy;
  /** With `on-failure`; empty = without end. */
  tries: string;
}

export const emptyForm = (image: string): RunForm => ({
  image,
  name: '',
  command: '',
  ports: [],
  environment: [],
  folders: [],
  memory: [],
  restart: 'no',
  tries: '',
});

/** `nginx` stands for `nginx:latest`, and for `docker.io/library/nginx:latest`. */
function fullName(reference: string): string {
  const named = reference.lastIndexOf(':') > reference.lastIndexOf('/') || reference.includes('@');
  return (named ? reference : `${reference}:latest`).replace(/^docker\.io\/(library\/)?/, '');
}

/** The image that a reference or the beginning of an id means, of those on this computer. */
export function findImage(images: readonly Image[], text: string): Image | undefined {
  const wanted = fullName(text.trim());
  const id = text.trim().replace(/^sha256:/, '');
  return (
    images.find((image) => image.references.some((reference) => fullName(reference) === wanted)) ??
    images.find((image) => /^[0-9a-f]{4,64}$/.test(id) && image.id.slice('sha256:'.length).startsWith(id))
  );
}

/** The first and last port of `8080` or `8000-8010`; undefined for what is neither. */
export function parsePorts(text: string): { first: number; last: number } | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim());
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= 1 && last >= first && last <= 65_535 ? { first, last } : undefined;
}

/** Docker's rule for names of containers and volumes. */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** The source of a folder is a volume's name, not a path of this computer. */
export const isVolume = (source: string): boolean => namePattern.test(source.trim());

/** A row nobody has written into yet counts as not there. */
export const isBlank = {
  port: ({ host, container }: PortRow) => host.trim() === '' && container.trim() === '',
  variable: ({ name, value }: VariableRow) => name.trim() === '' && value === '',
  folder: ({ source, target }: FolderRow) => source.trim() === '' && target.trim() === '',
  memory: ({ target, size }: MemoryRow) => target.trim() === '' && size.trim() === '',
};
