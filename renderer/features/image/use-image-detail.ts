import { useEffect, useState } from 'react';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { ImageDetail } from '../../../electron/bridge/images.ts';
import { call } from '../../host/bridge-client.ts';
import { useHost } from '../../host/host-store.ts';

/** Everything of one image; what other images share with it is asked again when one comes or goes. */
export function useImageDetail(id: string): {
  detail: ImageDetail | undefined;
  failure: Failure | undefined;
  again: () => void;
} {
  const others = useHost((state) => Object.keys(state.images).length);
  const [detail, setDetail] = useState<ImageDetail>();
  const [failure, setFailure] = useState<Failure>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let wanted = true;
    setFailure(undefined);
    void call('images.detail', { id }).then((outcome) => {
      if (!wanted) return;
      if (outcome.ok) setDetail(outcome.value);
      else setFailure(outcome.failure);
    });
    return () => {
      wanted = false;
    };
  }, [id, others, attempt]);
  return { detail: detail?.id === id ? detail : undefined, failure, again: () => setAttempt((old) => old + 1) };
}
