import { portsOf } from '../../dockerfile/apply-config.ts';
import { environmentOf, type ImageConfig } from '../../dockerfile/image-config.ts';
import type { StageCommand } from '../../dockerfile/stages.ts';
import type { HistoryJson, ImagePlatform } from '../images/image-service.ts';
import type { Node } from './node.ts';
import { proxyArguments } from './platform-arguments.ts';

/** A stage as far as its instructions were read. */
export interface StageState {
  node: Node;
  /** Of its base image. */
  platform: ImagePlatform;
  config: ImageConfig;
  history: readonly HistoryJson[];
  author?: string;
  /** A CMD came in this stage. */
  hasCommand: boolean;
  /** ARGs of this stage, in the order in which they came; undefined: without a value. */
  args: ReadonlyMap<string, string | undefined>;
}

/** Variables that an instruction sees: those of the image go before ARGs. */
export function lookupIn({ config, args }: Pick<StageState, 'config' | 'args'>) {
  const environment = environmentOf(config);
  return (name: string) => environment.get(name) ?? args.get(name);
}

/** What a RUN has besides the image's own variables, `NAME=value`. */
export function argumentsFor({ config, args }: Pick<StageState, 'config' | 'args'>): string[] {
  const environment = environmentOf(config);
  return [...args].flatMap(([name, value]) =>
    environment.has(name) || value === undefined ? [] : [`${name}=${value}`],
  );
}

/** The same for the history, which names those without a value as well. */
export const argumentWords = ({ args }: Pick<StageState, 'args'>): string[] =>
  [...args].map(([name, value]) => `${name}=${value ?? ''}`);

/** Proxies that were given without an ARG. */
export function proxiesOf(
  given: Readonly<Record<string, string | undefined>>,
  args: ReadonlyMap<string, string | undefined>,
): string[] {
  return Object.entries(given).flatMap(([name, value]) =>
    proxyArguments.has(name) && value !== undefined && !args.has(name) ? [`${name}=${value}`] : [],
  );
}

/** An entry of the image's history in BuildKit's words, without its date. `empty`: without a layer. */
export function historyEntry(words: string, { empty }: { empty: boolean }): HistoryJson {
  return { created_by: words, comment: 'buildkit.dockerfile.v0', ...(empty && { empty_layer: true }) };
}

const quoted = (words: readonly string[]) => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
const plain = (words: readonly string[]) => `[${words.join(' ')}]`;

/** What the history says of an instruction without a layer; undefined: nothing. */
export function configWords(command: StageCommand, after: ImageConfig): string | undefined {
  switch (command.kind) {
    case 'CMD':
      return `CMD ${quoted(after.command ?? [])}`;
    case 'ENTRYPOINT':
      return `ENTRYPOINT ${quoted(after.entrypoint ?? [])}`;
    case 'ENV':
      return `ENV ${command.pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    case 'LABEL':
      return `LABEL ${command.pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    case 'EXPOSE':
      return `EXPOSE map[${portsOf(command.ports)
        .toSorted()
        .map((port) => `${port}:{}`)
        .join(' ')}]`;
    case 'VOLUME':
      return `VOLUME ${plain(command.paths)}`;
    case 'USER':
      return `USER ${command.user}`;
    case 'STOPSIGNAL':
      return `STOPSIGNAL ${command.signal}`;
    case 'SHELL':
      return `SHELL ${plain(command.shell)}`;
    case 'MAINTAINER':
      return `MAINTAINER ${command.name}`;
    case 'HEALTHCHECK':
      return command.words.replace(/\s+/g, ' ');
    default:
      return undefined;
  }
}
