import type { PeerName } from './subjects.ts';

/** A difference that is known. `*` stands for anything in `where` and `field`; the first entry that matches explains. */
export interface Listed {
  /** Group and step: `stop › docker stop -t 0 @busy`. */
  where: string | readonly string[];
  /** Path in the outcome. */
  field: string | readonly string[];
  /** Left out: either. */
  peer?: PeerName;
  /** What dockerd says there, where only some of it is meant. */
  words?: RegExp;
  /** Only what the newer dockerd says as Beluga does. */
  changedLater?: true;
  reason: string;
}
