/** Somebody sets the clock, far forward and far back, while containers run. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { getJson } from '../engine-fixture.ts';
import { openWire } from '../raw-http.ts';
import { waitUntil } from '../wait-until.ts';
import { useGuestEngine } from './guest-engine.ts';

const hour = 3600;
const jump = (seconds: number) =>
  execFileSync('date', ['-s', `@${Math.floor(Date.now() / 1000) + seconds}`], { stdio: 'pipe' });

const one = useGuestEngine();
let moved = 0;
afterEach(() => {
  if (moved !== 0) setClock(0);
});
/** To so many seconds from the true time. */
function setClock(away: number): void {
  jump(away - moved);
  moved = away;
}

interface Told {
  Action: string;
  timeNano: number;
  Actor: { Attributes: Record<string, string> };
}
const listeners = async () =>
  (await getJson<{ NEventsListener: number }>(one.guest.engine.folders.socket, '/info')).NEventsListener;
/** What is told of a container from now on; one at a time. */
async function listen(name: string) {
  const going = one.guest.engine.docker.start(['events', '--filter', `container=${name}`, '--format', '{{json .}}'], {
    boundMs: 0,
  });
  await waitUntil('it listens', async () => (await listeners()) === 1);
  const told = (): Told[] =>
    going
      .said()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    told,
    actions: () => told().map(({ Action }) => Action),
    async end() {
      going.child.kill('SIGKILL');
      await going.ended;
      await waitUntil('nobody listens', async () => (await listeners()) === 0);
    },
  };
}
const seconds = () => (Date.now() / 1000).toFixed(3);

test('logs: a reader goes on over both jumps, lines carry the clock of their time, since and until follow it', async () => {
  await one.guest.start('ticks', {}, 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done');
  const following = one.guest.engine.docker.start(['logs', '-f', 'ticks']);
  const ticks = () => following.said().split('\n').length;
  const goesOn = async (what: string) => {
    const now = ticks();
    await waitUntil(`lines come ${what}`, () => ticks() > now + 3);
  };
  await goesOn('before');
  setClock(2 * hour);
  await goesOn('after the jump forward');
  const ahead = Date.now();
  setClock(-hour);
  await goesOn('after the jump back');
  const last = await one.guest.docker('logs', '-t', '--tail', '1', 'ticks');
  const written = Date.parse(last.split(' ')[0] ?? '');
  assert.ok(Math.abs(written - Date.now()) < 600_000, last);
  const recent = await one.guest.docker('logs', '--since', String(ahead / 1000 - 1), 'ticks');
  assert.match(recent, /^tick \d+/, 'what was written with the clock ahead is found by that time');
  following.child.kill('SIGKILL');
  const { stdout } = await following.ended;
  const numbers = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[1]));
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
    'no line is lost or told twice',
  );
  await one.guest.remove('ticks');
});

test('restarts: the pause between them grows though the clock jumps in each run', async () => {
  const heard = await listen('failing');
  const began = Date.now() - moved * 1000;
  const folder = mkdtempSync('/run/failing-');
  const host = { RestartPolicy: { Name: 'always' }, Binds: [`${folder}:/m`] };
  await one.guest.start('failing', host, 'until rm /m/end 2>/dev/null; do sleep 0.1; done; exit 3');
  const times = (action: string) => heard.told().filter(({ Action }) => Action === action);
  const jumps = [2 * hour, -hour, 2 * hour, -hour, 2 * hour];
  for (const [index, away] of jumps.entries()) {
    await waitUntil('it runs again', () => times('start').length > index);
    setClock(away);
    writeFileSync(`${folder}/end`, '');
  }
  await waitUntil('it starts once more', () => times('start').length > jumps.length);
  await heard.end();
  const ran = times('die').map(({ Actor }) => Number(Actor.Attributes.execDuration));
  assert.ok(
    ran.every((one) => one < 60),
    `it ran for ${ran.join(', ')} seconds`,
  );
  // the clock stood hours away from the true time, and all of this takes minutes
  const trueTime = (told: Told | undefined) =>
    [0, 2 * hour, -hour]
      .map((away) => (told?.timeNano ?? 0) / 1e6 - away * 1000)
      .find((time) => Math.abs(time - began) < (hour * 1000) / 2) ?? Number.NaN;
  const [, ...starts] = times('start');
  const pauses = starts.map((start, index) => trueTime(start) - trueTime(times('die')[index]));
  // lower bounds only: a busy host adds to each; one that ran for ten seconds begins anew
  let least = 50;
  for (const [index, pause] of pauses.entries()) {
    least = (ran[index] ?? 0) < 9 ? least * 2 : 100;
    assert.ok(pause >= least, `pauses of ${pauses.join(', ')} ms`);
  }
  await one.guest.remove('failing');
});

test('health: the start period is as long as it is told, and checks go on', async () => {
  const status = (name: string) => one.guest.look(name, 'State.Health.Status');
  const often = { Interval: 5e8, StartInterval: 5e8 };
  const check = (seconds: number) => ({
    Healthcheck: { Test: ['CMD', 'false'], Retries: 2, StartPeriod: seconds * 1e9, ...often },
  });
  const heard = await listen('long');
  await one.guest.start('long', {}, 'exec sleep 1000', check(hour));
  setClock(2 * hour);
  const checks = () => heard.actions().filter((action) => action.startsWith('exec_die'));
  await waitUntil('it was looked at', () => checks().length >= 3);
  assert.equal(await status('long'), 'starting', 'the hour has not passed');
  await heard.end();
  await one.guest.remove('long');
  await one.guest.start('short', {}, 'exec sleep 1000', check(1));
  setClock(-hour);
  await waitUntil('its start period is over', async () => (await status('short')) === 'unhealthy');
  await one.guest.remove('short');
});

test('events: after a jump back they have the new time, and are found by it', async () => {
  await one.guest.start('early', {}, 'exec sleep 1000');
  setClock(-hour);
  const since = seconds();
  await one.guest.call('early', 'pause');
  await one.guest.call('early', 'unpause');
  const only = ['--filter', 'container=early', '--format', '{{.Action}}'];
  assert.equal(await one.guest.docker('events', '--since', since, '--until', seconds(), ...only), 'pause\nunpause');
  // it ends at that time of the new clock, and not with the first event
  const wire = await openWire(one.guest.engine.folders.socket);
  const filters = encodeURIComponent(JSON.stringify({ container: ['early'] }));
  const route = `/events?since=${since}&until=${Number(seconds()) + 15}&filters=${filters}`;
  wire.socket.write(`GET ${route} HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n`);
  const actions = (received: Buffer) => [...received.toString().matchAll(/"Action":"(\w+)"/g)].map(([, word]) => word);
  await wire.until('what was', (received) => actions(received).length === 2);
  await one.guest.call('early', 'pause');
  await one.guest.call('early', 'unpause');
  assert.deepEqual(actions(await wire.closed()), ['pause', 'unpause', 'pause', 'unpause']);
  await one.guest.remove('early');
});

test('stop: the time that a container is given is neither shorter nor longer', async () => {
  for (const away of [2 * hour, -hour]) {
    const heard = await listen('stubborn');
    await one.guest.start('stubborn', {}, 'trap "" TERM; while :; do sleep 0.1; done');
    const began = performance.now();
    const stopping = one.guest.call('stubborn', 'stop?t=4');
    await waitUntil('it was asked', () => heard.actions().includes('kill'));
    setClock(away);
    await stopping;
    // a lower bound only: it was not killed early because the clock went on
    assert.ok(performance.now() - began >= 4000);
    assert.equal(await one.guest.look('stubborn', 'State.ExitCode'), '137');
    await heard.end();
    await one.guest.remove('stubborn');
    setClock(0);
  }
});

test('an engine that starts after a jump takes up what runs, and its end later is told', async () => {
  await one.guest.start('kept', {}, 'trap "exit 7" TERM; while :; do sleep 0.1; done');
  const pid = await one.guest.look('kept', 'State.Pid');
  await one.guest.engine.kill('SIGKILL');
  setClock(-hour);
  await one.guest.engine.restart();
  assert.equal(await one.guest.look('kept', 'State.Status', 'State.Pid'), `running ${pid}`);
  await one.guest.call('kept', 'stop');
  assert.equal(await one.guest.look('kept', 'State.Status', 'State.ExitCode'), 'exited 7');
  await one.guest.remove('kept');
});
