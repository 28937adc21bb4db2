import { useEffect, useState } from 'react';
import type { BuildFolder, DockerfileOffers } from '../../../electron/bridge/builds.ts';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { type BuildFields, mended } from './build-form.ts';

/** What is in the folder of the form, and what its Dockerfile offers; looked at when one of them changes. */
export function useFolder(fields: BuildFields, change: (next: (fields: BuildFields) => BuildFields) => void) {
  const { folder, dockerfile, leaveOut } = fields;
  const [content, setContent] = useState<BuildFolder>();
  const [offers, setOffers] = useState<DockerfileOffers>();
  const [failure, setFailure] = useState<Failure>();
  const rules = leaveOut.join('\n');
  // `rules` stands for `leaveOut`, `change` never changes
  useEffect(() => {
    if (folder === '') return;
    let left = false;
    setFailure(undefined);
    void call('builds.folder', { folder, leaveOut }).then((outcome) => {
      if (left) return;
      setContent(outcome.ok ? outcome.value : undefined);
      if (outcome.ok) change((now) => mended(now, outcome.value));
      else setFailure(outcome.failure);
    });
    return () => {
      left = true;
    };
  }, [folder, rules]);
  const isThere = content?.path === folder && content.dockerfiles.includes(dockerfile);
  useEffect(() => {
    if (!isThere) return;
    let left = false;
    void call('builds.offers', { folder, dockerfile }).then((outcome) => {
      if (!left) setOffers(outcome.ok ? outcome.value : undefined);
    });
    return () => {
      left = true;
    };
  }, [folder, dockerfile, isThere]);
  const own = content?.path === folder ? content : undefined;
  return { content: own, offers, failure, isLooking: folder !== '' && !own && !failure };
}
