import type { Settings } from './bridge/app.ts';

export interface QuittingParts {
  readonly onQuit: () => Settings['onQuit'];
  readonly remember: (onQuit: 'keep' | 'stop') => void;
  /** Ids of the containers that run; none when the engine cannot be reached. */
  readonly running: () => readonly string[];
  /** Puts the question to the user; the answer comes by `answer`. */
  readonly ask: (running: number) => void;
  readonly stop: (id: string) => Promise<void>;
  /** Told when leaving begins, with how many containers are being stopped. */
  readonly leaving: (stopping: number) => void;
  /** Ends the app. */
  readonly leave: () => void;
}

export type QuitAnswer = 'keep' | 'stop' | 'cancel';

/**
 * The way out of the app. Closing the window keeps everything running; on quitting, what becomes of running containers is
 * asked once and remembered.
 */
export interface Quitting {
  /** True from the moment nothing holds the app back any more: windows may close. */
  readonly isLeaving: boolean;
  /** The user quits: asks, keeps or stops as the settings say. */
  request(): Promise<void>;
  /** The user closes the window: containers go on, without a question. Whether the window may close. */
  close(): boolean;
  answer(answer: QuitAnswer, remember: boolean): Promise<void>;
}

/** Makes it; nothing is asked yet. */
export function createQuitting({ onQuit, remember, running, ask, stop, leaving, leave }: QuittingParts): Quitting {
  let state: 'idle' | 'asking' | 'stopping' | 'leaving' = 'idle';

  const keep = () => {
    state = 'leaving';
    leaving(0);
    leave();
  };
  const stopAll = async () => {
    state = 'stopping';
    const ids = running();
    leaving(ids.length);
    // One that cannot be stopped does not hold the user: it is there, and shown, at the next start.
    await Promise.allSettled(ids.map(stop));
    state = 'leaving';
    leave();
  };

  return {
    get isLeaving() {
      return state === 'leaving';
    },
    async request() {
      if (state === 'leaving' || state === 'stopping') return;
      const count = running().length;
      const choice = count === 0 ? 'keep' : onQuit();
      if (choice === 'keep') keep();
      else if (choice === 'stop') await stopAll();
      else {
        state = 'asking';
        ask(count);
      }
    },
    close() {
      if (state === 'idle' || state === 'asking') keep();
      return state === 'leaving';
    },
    async answer(answer, isRemembered) {
      if (state !== 'asking') return;
      state = 'idle';
      if (answer === 'cancel') return;
      if (isRemembered) remember(answer);
      if (answer === 'keep') keep();
      else await stopAll();
    },
  };
}
