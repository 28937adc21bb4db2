// An engine in a mount namespace of its own, started by build-secrets.test.ts and build-cache.test.ts: FOLDER MODE. Its client
// gives secrets; what a build tells beside Docker's stream is heard here.
import { once } from 'node:events';
import { createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { EngineError, messageOf } from '../../engine/base/errors.ts';
import { createLog } from '../../engine/base/log.ts';
import { parseEngineOptions } from '../../engine/cli/engine-options.ts';
import { openEngine } from '../../engine/engine.ts';
import type { BuildClient, BuildMessage } from '../../engine/services/build/build-service.ts';
import { sampleArchive, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

const [folder = '', mode = ''] = process.argv.slice(2);
process.umask(0);
const collecting = { builder: { gc: { policy: [{ all: true }] } } };
writeFileSync(path.join(folder, 'daemon.json'), JSON.stringify(mode === 'collect' ? collecting : {}));
const options = parseEngineOptions([
  ...[`--data-root=${folder}/data`, `--exec-root=${folder}/run`, `--config-file=${folder}/daemon.json`],
]);
const engine = await openEngine(options, createLog({ level: 'info', write: (line) => process.stderr.write(line) }));
const values: Readonly<Record<string, string | undefined>> = {
  one: process.env.SECRET_ONE,
  two: process.env.SECRET_TWO,
};

/** Says everything back, as an agent would answer. */
const agent = createServer((socket) => void socket.pipe(socket));
const agentPath = path.join(folder, 'agent');
await new Promise<void>((resolve) => agent.listen(agentPath, resolve));

const missing = (what: string) => new EngineError('not-found', `${what} is not here`);
const client: BuildClient = {
  async secret(id) {
    const value = values[id];
    if (value === undefined) throw missing(id);
    return Buffer.from(value);
  },
  async sshAgent(id) {
    if (id !== 'default') throw missing(id);
    return connect(agentPath);
  },
  login: async () => undefined,
};

interface Given {
  files?: Readonly<Record<string, string>>;
  buildArguments?: Readonly<Record<string, string>>;
  noCache?: boolean;
}

async function build(
  lines: readonly string[],
  told: (message: BuildMessage) => void = () => {},
  { files = {}, buildArguments = {}, noCache = false }: Given = {},
): Promise<string> {
  let said = '';
  const content = `${lines.join('\n')}\n`;
  const entries = Object.entries(files).map(([name, words]) => ({ name, content: words }));
  const request = {
    context: Readable.from([await tarOf([{ name: 'Dockerfile', content }, ...entries])]),
    ...{
      references: ['secrets'],
      buildArguments,
      labels: {},
      noCache,
      pull: false,
      network: 'none' as const,
    },
    ...{ extraHosts: [], resources: {}, ulimits: [], logins: {}, client },
  };
  try {
    for await (const message of engine.builds.build(request)) {
      if ('log' in message) said += Buffer.from(message.log.data).toString();
      if ('warning' in message) said += `${message.warning}\n`;
      if ('built' in message) said += `built ${message.built.imageId}\n`;
      told(message);
    }
  } catch (error) {
    said += `failed: ${messageOf(error)}\n`;
  }
  return said;
}

/** What comes back from the socket that a running step has; then the step is told to end. */
async function throughSocket(): Promise<string> {
  const pid = readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && environmentOf(name).includes('SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0'),
  );
  const socket = connect(`/proc/${pid}/root/run/buildkit/ssh_agent.0`);
  socket.write('identities?');
  const [answer] = await once(socket, 'data');
  socket.destroy();
  writeFileSync(`/proc/${pid}/root/stop`, '');
  return String(answer);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // it has ended
    return '';
  }
}

const from = 'FROM beluga/welcome';
const both = '--mount=type=secret,id=one,required --mount=type=secret,id=two,env=TWO';

async function walk(): Promise<object> {
  const first = [
    from,
    'ARG API_TOKEN',
    `RUN ${both} --mount=type=secret,id=none md5sum < /run/secrets/one; printf %s "$TWO" | md5sum; test ! -e /run/secrets/none`,
    'RUN --mount=type=secret,id=one,target=/x,mode=0440,uid=3,gid=4 stat -c "%a %u:%g" /x; stat -f -c %T /x; echo no > /x',
  ];
  const refused = await build(first);
  const works = [...first.slice(0, 3), 'RUN test ! -e /run/secrets && test ! -e /run/buildkit && test -z "$TWO"'];
  const said = await build(works);
  const needs = (mount: string) => build([from, `RUN --mount=${mount} true`]);
  const answers: Promise<string>[] = [];
  const waits = 'test -S "$SSH_AUTH_SOCK" && echo begun; while test ! -e /stop; do sleep 0.1; done';
  await build([from, `RUN --mount=type=ssh ${waits}`], (message) => {
    if ('log' in message) answers.push(throughSocket());
  });
  const answer = await answers[0];
  return {
    ...{ refused, said, answer },
    secret: await needs('type=secret,id=none,required'),
    agent: await needs('type=ssh,id=other,required'),
    optional: await needs('type=ssh,id=other'),
  };
}

/** What is cached while a build runs, after a prune of everything, and what the rules leave of it when it has ended. */
async function collected(): Promise<object> {
  const during: Promise<readonly string[]>[] = [];
  const names = async () => (await engine.builds.cache()).map(({ description }) => description);
  const pruned = async () => {
    await engine.builds.prune({ all: true });
    return names();
  };
  await build([from, 'RUN echo first > /f', 'RUN echo begun; sleep 2'], (message) => {
    if ('log' in message) during.push(pruned());
  });
  const stayed = await during[0];
  await waitUntil('the rules were applied', async () => (await names()).length === 0 || undefined);
  return { stayed };
}

/** Reasons of each step that was run. */
async function missesOf(lines: readonly string[], given: Given): Promise<object> {
  const misses: Record<number, object> = {};
  const said = await build(
    lines,
    (message) => {
      if ('missed' in message) misses[message.step] = message.missed.reasons;
    },
    given,
  );
  return said.includes('built') ? misses : { said };
}

async function misses(): Promise<object[]> {
  const lines = [
    from,
    'ARG VERSION=1',
    'COPY *.txt /src/',
    'RUN echo $VERSION',
    'RUN --mount=type=bind,target=/c cat /c/a.md',
  ];
  const files = { 'a.txt': 'a', 'b.txt': 'b', 'a.md': 'm' };
  const told = [
    await missesOf(lines, { files }),
    await missesOf(lines, { files }),
    await missesOf(lines, { files: { ...files, 'a.txt': 'A', 'c.txt': 'c' } }),
    await missesOf(lines, { files, buildArguments: { VERSION: '2' } }),
    await missesOf([...lines.slice(0, 3), 'RUN echo other'], { files }),
    await missesOf(lines, { files, noCache: true }),
  ];
  await engine.builds.prune({ all: true });
  return [...told, await missesOf(lines.slice(0, 3), { files })];
}

const modes = { walk, misses, collect: collected };
const asked = Object.entries(modes).find(([name]) => name === mode)?.[1];
if (asked) {
  for await (const _ of engine.images.load(createReadStream(sampleArchive())));
  process.stdout.write(`${JSON.stringify(await asked())}\n`);
} else if (mode === 'middle') {
  await build([from, `RUN ${both} echo begun; sleep 1000`], (message) => {
    if ('log' in message) process.stdout.write('begun\n');
  });
}
agent.close();
await engine.close();
process.exit(0);
