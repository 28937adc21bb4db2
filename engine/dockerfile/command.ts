import type { HealthCheck } from '../base/health-config.ts';
import type { Heredoc, Lines } from './dockerfile.ts';

/** A program with its arguments, or words for the shell. */
export type CommandLine = { shell: false; args: readonly string[] } | { shell: true; words: string };

/** Of RUN --mount (Dockerfile reference, "RUN --mount"); what is not written has the type's own default. */
export interface RunMount {
  type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  target?: string;
  source?: string;
  from?: string;
  id?: string;
  readOnly?: boolean;
  sharing?: 'shared' | 'private' | 'locked';
  required?: boolean;
  /** Bits, as of chmod. */
  mode?: number;
  uid?: number;
  gid?: number;
  /** Bytes. */
  size?: number;
  /** Name of the variable that gets a secret's value. */
  env?: string;
}

/** Files for COPY and ADD. */
export interface CopySources {
  paths: readonly string[];
  contents: readonly { heredoc: Heredoc }[];
  destination: string;
  owner?: string;
  mode?: string;
  /** A layer of its own, whatever lies below. */
  link: boolean;
  /** Patterns of names that are left out. */
  exclude: readonly string[];
}

/** Instructions that say something of the image only. */
export type ConfigCommand =
  | { kind: 'CMD'; command: CommandLine | undefined }
  | { kind: 'ENTRYPOINT'; command: CommandLine | undefined }
  | { kind: 'ENV'; pairs: readonly (readonly [string, string])[] }
  | { kind: 'LABEL'; pairs: readonly (readonly [string, string])[] }
  | { kind: 'EXPOSE'; ports: readonly string[] }
  | { kind: 'VOLUME'; paths: readonly string[] }
  | { kind: 'USER'; user: string }
  | { kind: 'STOPSIGNAL'; signal: string }
  | { kind: 'SHELL'; shell: readonly string[] }
  | { kind: 'MAINTAINER'; name: string }
  | { kind: 'ONBUILD'; trigger: string }
  | { kind: 'HEALTHCHECK'; health: HealthCheck };

export type Command = (
  | ConfigCommand
  | { kind: 'FROM'; base: string; name?: string; platform?: string }
  | { kind: 'ARG'; pairs: readonly (readonly [string, string | undefined])[] }
  | { kind: 'WORKDIR'; path: string }
  | {
      kind: 'RUN';
      command: CommandLine;
      heredocs: readonly Heredoc[];
      mounts: readonly RunMount[];
      network?: 'default' | 'none' | 'host';
      insecure: boolean;
    }
  | ({ kind: 'COPY'; from?: string; parents: boolean } & CopySources)
  | ({ kind: 'ADD'; checksum?: string; keepGitDirectory: boolean; unpack?: boolean } & CopySources)
) & {
  /** The instruction as people read it in a history and in a log. */
  words: string;
  lines: Lines;
};
