import { useEffect, useState } from 'react';
import type { BuildDetail } from '../../../electron/bridge/builds.ts';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { openStream } from '../../host/bridge-client.ts';
import { useBuilds } from '../../host/build-store.ts';
import { useOnline } from '../../host/engine-view.tsx';

/** A build with its steps, kept up to date until it has ended. */
export function useBuild(id: string): { build: BuildDetail | undefined; failure: Failure | undefined } {
  const [build, setBuild] = useState<BuildDetail>();
  const [failure, setFailure] = useState<Failure>();
  const online = useOnline();
  // after the engine was away it is asked anew: what was under way may be lost
  const state = useBuilds(({ builds }) => builds.find((each) => each.id === id)?.state);
  const isThere = useBuilds(({ listed, builds }) => !listed || builds.some((each) => each.id === id));
  // a further state is looked at anew
  useEffect(() => {
    if (!online || !/^[0-9a-f]{16}$/.test(id)) return;
    return openStream(
      'builds.follow',
      { id },
      {
        onItems: (items) => {
          setBuild(items.at(-1));
          setFailure(undefined);
        },
        onEnd: setFailure,
      },
    );
  }, [id, online, state]);
  const gone = !isThere && build === undefined;
  return { build, failure: failure ?? (gone ? { code: 'not-found', message: id, params: {} } : undefined) };
}
