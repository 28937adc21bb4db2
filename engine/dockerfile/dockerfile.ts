/** Lines of the file, counted from 1, both included. */
export interface Lines {
  first: number;
  last: number;
}

/** A here-document (Dockerfile reference, "Here-Documents"). */
export interface Heredoc {
  /** Of the terminator, without its quotes. */
  name: string;
  /** File descriptor it is for, as written; empty for the usual one. */
  descriptor: string;
  content: string;
  /** Whether variables are to be expanded: its terminator was not quoted. */
  expand: boolean;
}

/** One instruction as it is written, variables unexpanded. */
export interface Instruction {
  /** In capitals. */
  name: string;
  /** The whole of it, lines joined. */
  text: string;

  flags: readonly Flag[];
  /** What stands behind the name and the flags, lines joined, without blanks around. */
  rest: string;
  heredocs: readonly Heredoc[];
  lines: Lines;
}

/** `--name=value` or `--name`, without the dashes. */
export interface Flag {
  name: string;
  /** Undefined: the flag stands alone. */
  value?: string;
}

export type DirectiveName = 'syntax' | 'escape' | 'check';

export interface Dockerfile {
  /** What continues a line and takes the meaning of a character away. */
  escapeCharacter: '\\' | '`';
  directives: Readonly<Partial<Record<DirectiveName, string>>>;
  instructions: readonly Instruction[];
}
