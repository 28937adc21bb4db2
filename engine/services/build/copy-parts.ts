import { type Digest, isDigest } from '../../base/digest.ts';
import { DockerfileError } from '../../dockerfile/dockerfile-error.ts';
import type { StageCommand } from '../../dockerfile/stages.ts';
import { parseGitAddress } from './git-address.ts';
import type { CopyPart, Node } from './node.ts';

type Copying = Extract<StageCommand, { kind: 'COPY' | 'ADD' }>;

const isWeb = (source: string) => /^https?:\/\//.test(source) && URL.canParse(source);

/** Where the files of an instruction come from, in their order. @throws DockerfileError */
export function copyParts(command: Copying, from: Node | 'context'): CopyPart[] {
  const documents = command.contents.map(({ heredoc: { name, content } }) => ({ name, content }));
  const { exclude, paths } = command;
  if (command.kind === 'COPY')
    return paths.length === 0 ? documents : [...documents, { from, sources: paths, exclude }];
  const checksum = checksumOf(command);
  // neighbours that come from one place are one part: the order of all is kept
  const parts: CopyPart[] = [...documents];
  for (const source of paths) {
    const last = parts.at(-1);
    // as a path of the context it would look the same
    const repository = source.startsWith('github.com/') ? undefined : parseGitAddress(source);
    if (repository) parts.push({ repository, keepsGit: command.keepGitDirectory });
    else if (isWeb(source))
      parts.push({ address: source, unpack: command.unpack === true, ...(checksum && { checksum }) });
    else if (last && 'from' in last) parts.splice(-1, 1, { ...last, sources: [...last.sources, source] });
    else parts.push({ from, sources: [source], exclude });
  }
  return parts;
}

function checksumOf({ checksum, paths }: Extract<Copying, { kind: 'ADD' }>): Digest | undefined {
  if (checksum === undefined || checksum === '') return undefined;
  if (paths.length !== 1) throw new DockerfileError("checksum can't be specified for multiple sources");
  if (!isWeb(paths[0] ?? '')) throw new DockerfileError("checksum can't be specified for non-HTTP(S) sources");
  if (isDigest(checksum)) return checksum;
  throw new DockerfileError(`invalid checksum ${JSON.stringify(checksum)}: say sha256:… with 64 hex digits`);
}
