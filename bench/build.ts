import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { sampleImage } from '../test/sample.ts';
import type { Engine } from './engine.ts';
import { type Figures, percentile } from './figures.ts';
import { type Conditions, interleave, type Measure } from './measure.ts';
import { podmanArguments } from './podman.ts';

/** One way to build: an engine with a builder, by a command line. */
interface Builder {
  name: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
}

interface Story {
  what: string;
  /** Of the Dockerfile, below FROM. */
  lines: readonly string[];
  options: readonly string[];
  /** Makes the files of the context, once. */
  fill?(folder: string): void;
  /** Before each build: what is other this time. */
  change?(folder: string, round: number): void;
}

const repeat = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index));
const files = 10_000;
const large = 500_000_000;
const fileOf = (index: number) => path.join(String(index % 100), `file-${index}`);

function writeLarge(file: string): void {
  const piece = Buffer.alloc(1_000_000);
  for (let at = 0; at < piece.length; at += 4) piece.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  const descriptor = openSync(file, 'w');
  for (let written = 0; written < large; written += piece.length) {
    piece.writeUInt32LE(written, 0);
    writeSync(descriptor, piece);
  }
  closeSync(descriptor);
}

function overwrite(file: string, round: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.from(`round ${round}`), 0, undefined, 0);
  closeSync(descriptor);
}

const stories: readonly Story[] = [
  { what: '20 steps, unchanged', lines: repeat(20, (index) => `RUN echo ${index} > /${index}`), options: [] },
  { what: '30 x RUN true', lines: repeat(30, () => 'RUN true'), options: ['--no-cache'] },
  {
    what: 'one of 10,000 files changed',
    lines: ['COPY . /files'],
    options: [],
    fill(folder) {
      for (let index = 0; index < files; index++) {
        mkdirSync(path.dirname(path.join(folder, fileOf(index))), { recursive: true });
        writeFileSync(path.join(folder, fileOf(index)), `${index} `.repeat(200));
      }
    },
    change: (folder, round) => writeFileSync(path.join(folder, fileOf(4711)), `round ${round}`),
  },
  {
    what: 'three stages of a second',
    lines: [
      ...repeat(3, (index) => `FROM docker.io/${sampleImage} AS s${index}\nRUN sleep 1; echo > /s${index}`),
      `FROM docker.io/${sampleImage}`,
      ...repeat(3, (index) => `COPY --from=s${index} /s${index} /`),
    ],
    options: ['--no-cache'],
  },
  {
    what: 'COPY of 500 MB',
    lines: ['COPY large /'],
    options: [],
    fill: (folder) => writeLarge(path.join(folder, 'large')),
    change: (folder, round) => overwrite(path.join(folder, 'large'), round),
  },
];

function buildersOf(engines: readonly Engine[], root: string): Builder[] {
  const docker = path.join(process.env.BELUGA_BENCH_DOCKERD ?? '', 'usr/bin/docker');
  return engines.flatMap(({ name, docker: api }): Builder[] => {
    if (!api) return [{ name, command: ['podman', ...podmanArguments(path.join(root, 'podman')), 'build'], env: {} }];
    const { socketPath } = api.modem as unknown as { socketPath: string };
    const command = [docker, '-H', `unix://${socketPath}`, 'build'];
    return [
      { name, command, env: { DOCKER_BUILDKIT: '0' } },
      { name: `${name} (BuildKit)`, command, env: { DOCKER_BUILDKIT: '1' } },
    ];
  });
}

/** @returns milliseconds @throws Error with what it said when it failed */
async function build({ name, command, env }: Builder, { options }: Story, folder: string): Promise<number> {
  const [program = '', ...args] = command;
  const began = performance.now();
  const child = spawn(program, [...args, '-q', '--network', 'none', ...options, folder], {
    ...{ env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  let said = '';
  child.stderr?.on('data', (data) => {
    said = (said + String(data)).slice(-2000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name}: the build ended with ${code}: ${said}`);
  return performance.now() - began;
}

async function play(story: Story, builders: readonly Builder[], conditions: Conditions): Promise<Figures[]> {
  const rows = builders.map((builder) => ({ builder, values: [] as number[], folder: '' }));
  for (const [index, row] of rows.entries()) {
    // each its own: a change is one for all of them
    row.folder = path.join(conditions.root, `context-${stories.indexOf(story)}-${index}`);
    mkdirSync(row.folder);
    story.fill?.(row.folder);
    writeFileSync(path.join(row.folder, 'Dockerfile'), `FROM docker.io/${sampleImage}\n${story.lines.join('\n')}\n`);
    await build(row.builder, story, row.folder);
  }
  let round = 0;
  await interleave(rows, conditions, async ({ builder, values, folder }) => {
    story.change?.(folder, ++round);
    values.push(await build(builder, story, folder));
  });
  const peers = rows
    .filter(({ builder }) => !builder.name.startsWith('beluga'))
    .map(({ values }) => percentile(values, 0.5));
  return rows.map(({ builder: { name }, values }) => {
    const ratio = (percentile(values, 0.5) / Math.min(...peers)).toFixed(2);
    return {
      what: story.what,
      engine: name,
      values,
      ...(name.startsWith('beluga') && { note: `${ratio} of the best peer` }),
    };
  });
}

/** Builds by the docker CLI of 20.10, classic and BuildKit, and by podman. */
export const measureBuild: Measure = {
  words:
    'A build by the command line, without network: the docker CLI of 20.10, with its classic builder and with DOCKER_BUILDKIT=1, and podman build; milliseconds from its start to its end. Each was built once before; where the name does not say what is unchanged or changed, `--no-cache`.',
  unit: 'ms',
  rounds: 5,
  async measure(engines, conditions) {
    const builders = buildersOf(engines, conditions.root);
    const figures: Figures[] = [];
    for (const story of stories) figures.push(...(await play(story, builders, conditions)));
    return figures;
  },
};
