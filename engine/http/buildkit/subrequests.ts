import { EngineError } from '../../base/errors.ts';
import type { DockerfileView } from '../../services/build/build-service.ts';

/** What a client may ask of a Dockerfile besides its build (moby/buildkit: frontend/subrequests). */
type Subrequest = 'frontend.outline' | 'frontend.targets' | 'frontend.lint' | 'frontend.subrequests.describe';

type Lines = DockerfileView['targets'][number]['lines'];

const version = '1.0.0';
const descriptions: Readonly<Record<Subrequest, string>> = {
  'frontend.outline': 'List all parameters current build target supports',
  'frontend.targets': 'List all targets current build supports',
  'frontend.lint': 'Lint a Dockerfile',
  'frontend.subrequests.describe': 'List available subrequest types',
};

const isKnown = (name: string): name is Subrequest => name in descriptions;

/**
 * The metadata of an answer: what a program reads, and what a person reads.
 * @throws EngineError `invalid` for a request that nobody knows
 */
export async function answerSubrequest(
  name: string,
  look: () => Promise<DockerfileView>,
): Promise<Record<string, Uint8Array>> {
  if (!isKnown(name))
    throw new EngineError('invalid', `unsupported request ${name}: ${Object.keys(descriptions).join(', ')} are known`, {
      reason: 'request.invalid',
      params: { field: 'requestid' },
    });
  if (name === 'frontend.subrequests.describe') return metadata(describe(), Object.values(descriptions));
  const view = await look();
  if (name === 'frontend.targets') return metadata(targets(view), view.targets.map(targetWords));
  if (name === 'frontend.outline') return metadata(outline(view), outlineWords(view));
  return metadata(
    lint(view),
    view.warnings.map((warning) => `${warning.rule}: ${warning.detail}`),
  );
}

const metadata = (json: unknown, lines: readonly string[]) => ({
  'result.json': Buffer.from(JSON.stringify(json)),
  'result.txt': Buffer.from(lines.map((line) => `${line}\n`).join('')),
  version: Buffer.from(version),
});

const describe = () =>
  Object.entries(descriptions).map(([Name, Description]) => ({
    ...{ Name, Version: version, Type: 'rpc', Description },
    Metadata: ['result.json', 'result.txt'].map((each) => ({ Name: each })),
  }));

/** Of the first source: there is only the Dockerfile. */
const location = ({ first, last }: Lines) => ({
  ranges: [{ start: { line: first }, end: { line: last } }],
});
const sources = ({ source }: DockerfileView) => [Buffer.from(source).toString('base64')];

function outline(view: DockerfileView) {
  const { name, args, secrets, ssh, caches } = view.outline;
  return {
    ...(name !== undefined && { name }),
    args: args.map(({ lines, ...arg }) => ({ ...arg, location: location(lines) })),
    secrets: secrets.map(({ lines, ...secret }) => ({ ...secret, location: location(lines) })),
    ssh: ssh.map(({ lines, ...agent }) => ({ ...agent, location: location(lines) })),
    cache: caches.map(({ lines, id }) => ({ ID: id, location: location(lines) })),
    sources: sources(view),
  };
}

function outlineWords({ outline: { name, args, secrets, ssh } }: DockerfileView): string[] {
  const needs = (kind: string, list: readonly { name: string; required: boolean }[]) =>
    list.map((each) => `${kind} ${each.name}${each.required ? ' (required)' : ''}`);
  return [
    ...(name === undefined ? [] : [`TARGET ${name}`]),
    ...args.map((arg) => `ARG ${arg.name}${arg.value === undefined ? '' : `=${arg.value}`}`),
    ...needs('SECRET', secrets),
    ...needs('SSH', ssh),
  ];
}

const targetWords = ({ name = '(default)', isDefault }: DockerfileView['targets'][number]) =>
  isDefault && name !== '(default)' ? `${name} (default)` : name;

const targets = (view: DockerfileView) => ({
  targets: view.targets.map(({ name, isDefault, base, platform, lines }) => ({
    ...(name !== undefined && { name }),
    ...(isDefault && { default: true }),
    ...{ base, ...(platform !== undefined && { platform }), location: location(lines) },
  })),
  sources: sources(view),
});

const lint = (view: DockerfileView) => ({
  warnings: view.warnings.map(({ rule, description, detail, lines }) => ({
    ...{ ruleName: rule, description, detail },
    url: `https://docs.docker.com/go/dockerfile/rule/${rule.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}/`,
    location: { ...location(lines), sourceIndex: 0 },
  })),
  sources: [{ filename: view.file, language: 'Dockerfile', data: sources(view)[0] }],
});
