/** A port that somebody wants to publish; an empty address stands for every address of the host. */
export interface PortQuestion {
  address: string;
  port: number;
  protocol: 'tcp' | 'udp';
}

export interface PortAnswer extends PortQuestion {
  state: 'free' | 'container' | 'process';
  /** Whose published port it is. */
  container?: { id: string; name: string };
  /** Absent where the host does not tell. */
  process?: { pid: number; name: string };
  /** The next number that nobody has, and that is not asked about as well; 0 = none. */
  nextFree: number;
}

/** Tells who has ports of this host. */
export interface PortService {
  /** Answers in the order of the questions, as things are at this moment: nothing is reserved. */
  ask(questions: readonly PortQuestion[]): readonly PortAnswer[];
}
