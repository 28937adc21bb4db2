import type { TransferError } from '../transfers/transfer-service.ts';

/** What a look at a mirror found, step by step; a step that could not be reached is left out. */
export interface MirrorTest {
  url: string;
  /** Milliseconds that all took. */
  took: number;
  reach: MirrorStep & {
    /** Milliseconds until the first answer began. */
    latency?: number;
    /** `TLSv1.3`; absent in plain HTTP. */
    tls?: string;
    /** Milliseconds since the epoch, of its certificate. */
    certificateUntil?: number;
  };
  access?: MirrorStep & { login: 'none-needed' | 'sent' | 'missing' };
  speed?: MirrorStep & {
    /** Bytes per second on a part of a blob; `median`: of the other mirrors, where known. */
    bytesPerSecond?: number;
    median?: number;
  };
  freshness?: MirrorStep & {
    /** The tag that was compared. */
    image: string;
    /** `same`: what the registry itself has. */
    tag?: 'same' | 'older' | 'different' | 'unknown';
    /** Milliseconds between the creation of its image and the registry's. */
    behind?: number;
  };
}

export interface MirrorStep {
  state: 'fine' | 'warning' | 'failed';
  error?: TransferError;
}
