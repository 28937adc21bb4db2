import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { test } from 'node:test';
import tar from 'tar-stream';
import type { DockerHost, LogOptions, TerminalConnection } from './docker-host.ts';

/** A host with one image, and the archive that it came from. */
export interface ConformanceScene {
  readonly host: DockerHost;
  /** A reference of the image; it has a shell. */
  readonly image: string;
  readonly archive: string;
}

const never = new AbortController().signal;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What every `DockerHost` on every host does: Beluga's engine and a dockerd alike. */
export function dockerHostConformance(scene: () => ConformanceScene): void {
  const containers = () => scene().host.containers;
  const create = (script: string, name?: string, tty = false) => {
    const request = { Image: scene().image, Cmd: ['sh', '-c', script], Tty: tty, HostConfig: { NetworkMode: 'none' } };
    return containers().create(request, name);
  };
  const remove = (id: string) => containers().remove(id, { force: true });
  const logsOf = async (id: string, options: Partial<LogOptions> = {}) => {
    const chunks = await all(containers().logs(id, { follow: true, tty: false, ...options }, never));
    const textOf = (wanted: 'stdout' | 'stderr') =>
      chunks
        .filter(({ stream }) => stream === wanted)
        .map(({ data }) => Buffer.from(data).toString())
        .join('')
        .replaceAll(/^\S+T\S+ /gm, '');
    return { stdout: textOf('stdout'), stderr: textOf('stderr') };
  };

  test('it says who it is, and has no extension that is not there', async () => {
    const { system } = scene().host;
    assert.match((await system.version()).ApiVersion ?? '', /^1\.\d+$/);
    assert.equal(await system.extension('/nobody/has/this'), undefined);
  });

  test('a container from create to remove', async () => {
    const { id } = await create('trap "exit 3" TERM; while true; do sleep 0.05; done', 'conformance-life');
    try {
      assert.equal((await containers().inspect(id)).State?.Status, 'created');
      await containers().start(id);
      await assert.rejects(containers().start(id), { code: 'not-modified' });
      assert.equal((await containers().inspect(id)).State?.Running, true);
      await containers().rename(id, 'conformance-renamed');
      const listed = (await containers().list()).find((each) => each.Id === id);
      assert.deepEqual(listed?.Names, ['/conformance-renamed']);
      await assert.rejects(containers().remove(id, { force: false }), { code: 'conflict' });
      await containers().restart(id);
      assert.equal((await containers().inspect(id)).State?.Running, true);
      await containers().kill(id, 'SIGKILL');
      await all(containers().logs(id, { follow: true, tty: false }, never));
      await assert.rejects(containers().stop(id), { code: 'not-modified' });
      assert.equal((await containers().inspect(id)).State?.ExitCode, 137);
    } finally {
      await remove(id);
    }
    await assert.rejects(containers().inspect(id), { code: 'not-found' });
    assert.equal(
      (await containers().list()).find((each) => each.Id === id),
      undefined,
    );
  });

  test('pause and unpause: the container stands still between them, and each refuses what is so already', async () => {
    const { id } = await create('while true; do echo tick; sleep 0.05; done');
    const statusOf = async () => (await containers().inspect(id)).State?.Status;
    const lines = async () => (await logsOf(id, { follow: false })).stdout.length;
    const until = async (done: () => Promise<boolean>) => {
      while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    try {
      await assert.rejects(containers().pause(id), { code: 'conflict' });
      await containers().start(id);
      await containers().pause(id);
      assert.equal(await statusOf(), 'paused');
      await assert.rejects(containers().pause(id), { code: 'conflict' });
      const before = await lines();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(await lines(), before);
      await containers().unpause(id);
      assert.equal(await statusOf(), 'running');
      await until(async () => (await lines()) > before);
      await assert.rejects(containers().unpause(id), { code: /^(conflict|internal)$/ });
    } finally {
      await remove(id);
    }
  });

  test('what cannot be created says why', async () => {
    const { id } = await create('true', 'conformance-taken');
    try {
      await assert.rejects(create('true', 'conformance-taken'), { code: 'conflict' });
      await assert.rejects(containers().create({ Image: 'conformance/missing:1' }), { code: 'not-found' });
      await assert.rejects(containers().create({ Image: scene().image }, 'a name'), { code: 'invalid' });
    } finally {
      await remove(id);
    }
  });

  test('logs: both streams, to the end, from the end, since a line, and raw of a terminal', async () => {
    const script = 'echo one; echo zwei >&2; sleep 0.3; echo two; printf three';
    const { id } = await create(script);
    const terminal = await create('echo one; echo zwei >&2', undefined, true);
    try {
      await containers().start(id);
      await containers().start(terminal.id);
      assert.deepEqual(await logsOf(id), { stdout: 'one\ntwo\nthree', stderr: 'zwei\n' });
      assert.deepEqual(await logsOf(id, { follow: false, tail: 1 }), { stdout: 'three', stderr: '' });
      const chunks = await all(containers().logs(id, { follow: false, tty: false }, never));
      const times = chunks.map(({ data }) => Buffer.from(data).toString().split(' ')[0] ?? '');
      const [seconds, fraction = ''] = (times.at(-2) ?? '').replace('Z', '').split('.');
      const since = `${Date.parse(`${seconds}Z`) / 1000}.${fraction.padEnd(9, '0')}`;
      assert.deepEqual(await logsOf(id, { follow: false, since }), { stdout: 'two\nthree', stderr: '' });
      assert.deepEqual(await logsOf(terminal.id, { tty: true }), { stdout: 'one\r\nzwei\r\n', stderr: '' });
    } finally {
      await remove(id);
      await remove(terminal.id);
    }
  });

  test('a log that is followed ends at the abort, without failure', async () => {
    const { id } = await create('while true; do echo tick; sleep 0.05; done');
    try {
      await containers().start(id);
      const stop = new AbortController();
      let seen = 0;
      for await (const { data } of containers().logs(id, { follow: true, tty: false }, stop.signal)) {
        assert.ok(data.length > 0);
        seen += 1;
        if (seen === 3) stop.abort();
      }
      assert.ok(seen >= 3);
    } finally {
      await remove(id);
    }
  });

  test('stats: figures of a container that runs, second by second, until the abort', async () => {
    const { id } = await create('while true; do :; done');
    try {
      await containers().start(id);
      const stop = new AbortController();
      let system = 0;
      let seen = 0;
      for await (const { cpu_stats: cpu, memory_stats: memory, pids_stats: pids } of containers().stats(
        id,
        stop.signal,
      )) {
        assert.ok((cpu?.system_cpu_usage ?? 0) > system);
        system = cpu?.system_cpu_usage ?? 0;
        assert.ok((cpu?.cpu_usage?.total_usage ?? 0) > 0);
        assert.ok((memory?.usage ?? 0) > 0);
        assert.ok((pids?.current ?? 0) >= 1);
        seen += 1;
        if (seen === 3) stop.abort();
      }
      assert.equal(seen, 3);
    } finally {
      await remove(id);
    }
    await assert.rejects(all(containers().stats(id, never)), { code: 'not-found' });
  });

  test('events: what happens after the subscription is told, in order', async () => {
    const stop = new AbortController();
    const events = await scene().host.system.events(stop.signal);
    const { id } = await create('exit 4');
    await containers().start(id);
    await all(containers().logs(id, { follow: true, tty: false }, never));
    await remove(id);
    const actions: string[] = [];
    for await (const event of events) {
      if (event.Type !== 'container' || event.Actor?.ID !== id) continue;
      actions.push(event.Action ?? '');
      if (event.Action === 'die') assert.equal(event.Actor.Attributes?.exitCode, '4');
      if (event.Action === 'destroy') stop.abort();
    }
    assert.deepEqual(actions, ['create', 'start', 'die', 'destroy']);
  });

  terminalsConformance(scene);

  test('images: tag, load again, remove a name, and not what is in use', async () => {
    const { images } = scene().host;
    const { image, archive } = scene();
    const found = (await images.list()).find(({ RepoTags }) => RepoTags.includes(image));
    assert.ok(found);
    assert.equal((await images.inspect(image)).Id, found.Id);
    await assert.rejects(images.inspect('conformance/missing:1'), { code: 'not-found' });
    await images.tag(found.Id, 'conformance/registry:1');
    assert.deepEqual(await images.remove('conformance/registry:1', { force: false }), {
      untagged: ['conformance/registry:1'],
      deleted: [],
    });
    const said = await all(images.load(createReadStream(archive), never));
    assert.ok(said.includes(`Loaded image: ${image}`), said.join('\n'));
    const { id } = await create('true');
    try {
      await assert.rejects(images.remove(found.Id, { force: false }), { code: 'conflict' });
    } finally {
      await remove(id);
    }
    await assert.rejects(images.remove('conformance/missing:1', { force: false }), { code: 'not-found' });
  });

  test('what is no image is refused', async () => {
    async function* rubbish() {
      yield Buffer.alloc(2_000_000, 'x');
    }
    await assert.rejects(all(scene().host.images.load(rubbish(), never)), /./);
  });
}

const size = { columns: 91, rows: 31 };

/** What a person at the terminal sees and does. */
function at(connection: TerminalConnection) {
  let said = '';
  let heard = () => {};
  let over = false;
  const ended = (async () => {
    for await (const bytes of connection.output) {
      said += Buffer.from(bytes).toString();
      heard();
    }
    over = true;
    heard();
  })();
  return {
    ended,
    type: (line: string) => connection.write(Buffer.from(`${line}\n`)),
    async sees(words: RegExp) {
      while (!words.test(said)) {
        if (over) assert.fail(`it ended without ${words}: ${said}`);
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
  };
}

/** Shells in a container, and its main process. */
function terminalsConformance(scene: () => ConformanceScene): void {
  const containers = () => scene().host.containers;
  const terminals = () => scene().host.terminals;
  const sh = (...script: readonly string[]) => ({ command: ['sh', ...script], size });
  const withContainer = async (options: object, work: (id: string) => Promise<void>) => {
    const request = { Image: scene().image, Cmd: ['sh'], OpenStdin: true, HostConfig: { NetworkMode: 'none' } };
    const { id } = await containers().create({ ...request, ...options });
    try {
      await containers().start(id);
      await work(id);
    } finally {
      await containers().remove(id, { force: true });
    }
  };

  test('exec: a terminal of the size asked for, which follows, and the exit code', () =>
    withContainer({}, async (id) => {
      const connection = await terminals().exec(id, { ...sh(), user: '1000' });
      const shell = at(connection);
      assert.deepEqual([connection.tty, connection.writable], [true, true]);
      await shell.type('while [ "$(stty size)" != "31 91" ]; do sleep 0.05; done; echo fi""rst:$(id -u)');
      await shell.sees(/first:1000/);
      await connection.resize({ columns: 70, rows: 20 });
      await shell.type('while [ "$(stty size)" != "20 70" ]; do sleep 0.05; done; echo fol""lowed; exit 9');
      await shell.sees(/followed/);
      await shell.ended;
      assert.equal(await connection.exitCode(), 9);
    }));

  test('exec: what is not there is told with 127, and a container that does not run is refused', () =>
    withContainer({}, async (id) => {
      const connection = await terminals().exec(id, { command: ['none-such'], size });
      const shell = at(connection);
      await shell.sees(/none-such/);
      await shell.ended;
      assert.equal(await connection.exitCode(), 127);
      await containers().kill(id, 'SIGKILL');
      await assert.rejects(
        async () => {
          for (;;) (await terminals().exec(id, sh('-c', 'true'))).close();
        },
        { code: 'conflict' },
      );
      await assert.rejects(terminals().attach(id), { code: 'conflict' });
    }));

  test('ask: what a command writes; nothing when it fails or is not there', () =>
    withContainer({}, async (id) => {
      assert.equal(await terminals().ask(id, ['sh', '-c', 'echo one; echo two >&2']), 'one\n');
      assert.equal(await terminals().ask(id, ['sh', '-c', 'echo one; exit 1']), undefined);
      assert.equal(await terminals().ask(id, ['none-such']), undefined);
    }));

  for (const tty of [true, false])
    test(`attach to the main process ${tty ? 'at' : 'without'} a terminal: input, output, left running, exit code`, () =>
      withContainer({ Tty: tty }, async (id) => {
        const left = await terminals().attach(id);
        const first = at(left);
        assert.deepEqual([left.tty, left.writable], [tty, true]);
        await first.type('echo pid""-$$');
        await first.sees(/pid-1/);
        left.close();
        await first.ended;
        assert.equal(await left.exitCode(), undefined);
        const connection = await terminals().attach(id);
        await connection.resize(size);
        const again = at(connection);
        await again.type(tty ? 'while [ "$(stty size)" != "31 91" ]; do sleep 0.05; done; exit 6' : 'exit 6');
        await again.ended;
        assert.equal(await connection.exitCode(), 6);
      }));

  test('a shell that is closed takes its foreground along, and leaves what was told to ignore it', () =>
    withContainer({}, async (id) => {
      const connection = await terminals().exec(id, sh());
      const shell = at(connection);
      await shell.type('(trap "" HUP; exec sleep 4141) &');
      await shell.type('echo as""leep; sleep 4242');
      await shell.sees(/asleep/);
      const processes = async () => (await terminals().ask(id, ['ps', '-o', 'args'])) ?? '';
      while (!(await processes()).includes('sleep 4242')) await new Promise((resolve) => setTimeout(resolve, 20));
      connection.close();
      await shell.ended;
      while (/sleep 4242/.test(await processes())) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.match(await processes(), /sleep 4141/);
    }));

  test('a build of what is sent, in the words of the classic builder; a step that fails fails it', async () => {
    const build = (dockerfile: string) => {
      const references = ['conformance-build:1'];
      const request = { dockerfile: 'Dockerfile', references, arguments: { A: 'b' }, noCache: false, pull: false };
      const context = async function* () {
        const pack = tar.pack();
        pack.entry({ name: 'Dockerfile' }, dockerfile);
        pack.finalize();
        for await (const chunk of pack) yield chunk as Uint8Array;
      };
      return all(
        scene().host.builds.build({ ...request, id: '00112233aabbccdd', logins: {}, secrets: {} }, context(), never),
      );
    };
    const words = await build(`FROM ${scene().image}\nARG A\nRUN echo "said $A"\n`);
    assert.match(words.map(({ text = '' }) => text).join(''), /^Step 1\/3 : FROM .*\nsaid b\n/s);
    assert.match(words.find(({ imageId }) => imageId)?.imageId ?? '', /^sha256:[0-9a-f]{64}$/);
    const { untagged } = await scene().host.images.remove('conformance-build:1', { force: false });
    assert.deepEqual(untagged, ['conformance-build:1']);
    await assert.rejects(build(`FROM ${scene().image}\nRUN exit 7\n`), /returned a non-zero code: 7/);
    assert.ok(Array.isArray(await scene().host.builds.cache()));
  });
}
