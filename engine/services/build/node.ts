import type { Digest } from '../../base/digest.ts';
import type { Lines } from '../../dockerfile/dockerfile.ts';
import type { BaseImage, ImageLayer, ImagePlatform } from '../images/image-service.ts';
import type { GitAddress } from './git-address.ts';

/** A root filesystem that a build makes, by what makes it. Inputs come before. */
export type Node =
  | { op: 'scratch' }
  | { op: 'image'; base: BaseImage; reference: string; step: StepPlace }
  | ExecNode
  | CopyNode
  | DirectoryNode;

/** Where in the build something stands. */
export interface StepPlace {
  /** From 1. */
  number: number;
  /** The instruction as it is written. */
  words: string;
  lines: Lines;
  /** As of `PlannedStep`. */
  stage?: string;
  /** It is run whatever was built before. */
  isFresh?: boolean;
}

export interface ExecNode {
  op: 'exec';
  input: Node;
  args: readonly string[];
  /** `NAME=value`, of the image and of ARG. */
  environment: readonly string[];
  /** Proxies: in the environment, and of no meaning for the result. */
  proxies: readonly string[];
  user: string;
  workingDirectory: string;
  network: 'default' | 'none' | 'host';
  /** Whose programs it runs. */
  platform: ImagePlatform;
  mounts: readonly ExecMount[];
  /** With all rights of root, as a privileged container. */
  isInsecure?: boolean;
  step: StepPlace;
}

export type ExecMount =
  | { type: 'bind'; target: string; from: Node | 'context'; source: string; readOnly: boolean }
  | { type: 'tmpfs'; target: string; sizeBytes?: number }
  | {
      type: 'cache';
      target: string;
      id: string;
      sharing: 'shared' | 'private' | 'locked';
      readOnly: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | SecretMount
  | SshMount;

/** A secret of the client; without a target only the variable `env` has it. */
export interface SecretMount {
  type: 'secret';
  id: string;
  target?: string;
  env?: string;
  required: boolean;
  mode: number;
  uid: number;
  gid: number;
}

/** A socket of the client's ssh agent. */
export interface SshMount {
  type: 'ssh';
  id: string;
  target: string;
  required: boolean;
  mode: number;
  uid: number;
  gid: number;
}

export interface CopyNode {
  op: 'copy';
  input: Node;
  parts: readonly CopyPart[];
  /** Absolute; with a slash at its end where it was written so. */
  destination: string;
  /** As of --chown; of the stage's own users. */
  owner?: string;
  mode?: number;
  /** Archives are unpacked. */
  unpack: boolean;
  /** The folders above a source are made as well. */
  parents: boolean;
  step: StepPlace;
}

export type CopyPart =
  /** A file of a web server. */
  | { address: string; checksum?: Digest; unpack: boolean }
  /** Of a git repository, without its `.git` unless that is kept. */
  | { repository: GitAddress; keepsGit: boolean }
  /** `named`: of the context, one that has a name. */
  | { from: Node | 'context'; named?: string; sources: readonly string[]; exclude: readonly string[] }
  /** A file of its own. */
  | { name: string; content: string };

export interface DirectoryNode {
  op: 'directory';
  input: Node;
  path: string;
  user: string;
  step: StepPlace;
}

/** Nodes that make a layer. */
export type WorkNode = ExecNode | CopyNode | DirectoryNode;

/** A layer with the time when it was made here, RFC 3339; those of base images have none. */
export type BuiltLayer = ImageLayer & { created?: string };

/** What a node has made. */
export interface Tree {
  /** Bottom first. */
  layers: readonly BuiltLayer[];
  /** Key of the snapshot on top; undefined: nothing is there. */
  top: string | undefined;
}

/** Nodes that one takes files from, besides its input. */
export function sourcesOf(node: Node): Node[] {
  if (node.op === 'copy')
    return node.parts.flatMap((part) => ('from' in part && part.from !== 'context' ? [part.from] : []));
  if (node.op !== 'exec') return [];
  return node.mounts.flatMap((mount) => (mount.type === 'bind' && mount.from !== 'context' ? [mount.from] : []));
}
