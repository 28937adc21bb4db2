import { type Group, get, given, post, type Step, type Turn, takenOver, upgraded, webSocket } from '../steps.ts';

const both = "sh -c 'echo out; sleep 0.2; echo err >&2; sleep 0.2; read line; echo got $line; exit 5'";
const typed: readonly Turn[] = [{ sees: /err/ }, { types: 'word\n' }];
const all = 'stream=1&stdin=1&stdout=1&stderr=1';
const begins = (name: string): Turn => ({ does: given(`start ${name}`) });

/** Creates one whose standard input is open, once or for ever. */
const created = (name: string, { Cmd = ['cat'], ...more }: { Cmd?: string[]; StdinOnce?: boolean; Tty?: boolean }) =>
  post(`/containers/create?name=${name}`, { Image: 'IMAGE', Cmd, OpenStdin: true, ...more }, { quiet: true });

/** Both of them in turn, on containers of their own. */
const overUpgrade: readonly Step[] = [
  given(`create -i --name @a IMAGE ${both}`),
  upgraded(`/containers/@a/attach?${all}`, [begins('@a'), ...typed], { as: 'attach before the start' }),
  upgraded('/containers/@a/attach?logs=1&stdout=1&stderr=1', [], { as: 'attach for the logs' }),
  upgraded('/containers/@a/attach?logs=1&stdout=1', [], { as: 'attach for the logs of stdout' }),
  takenOver('/containers/@a/attach?logs=1&stderr=1', [], { as: 'attach for the logs, without Upgrade' }),
  upgraded('/containers/@a/attach?logs=1', [], { as: 'attach for the logs of nothing' }),
  upgraded('/containers/@a/attach', [], { as: 'attach for nothing' }),
  upgraded('/containers/nosuch/attach?stream=1&stdout=1', [], { as: 'attach to nothing' }),
  created('@once', { StdinOnce: true }),
  given('start @once'),
  upgraded(`/containers/@once/attach?${all}`, [{ types: 'to once\n' }, { sees: /to once/ }, { ends: true }], {
    as: 'attach, half-closed, StdinOnce',
  }),
  created('@more', {}),
  given('start @more'),
  upgraded(`/containers/@more/attach?${all}`, [{ types: 'to more\n' }, { sees: /to more/ }, { ends: true }], {
    as: 'attach, half-closed',
  }),
  upgraded('/containers/@more/attach?logs=1&stream=1&stdout=1', [{ sees: /to more/ }, { does: given('kill @more') }], {
    as: 'attach with the logs before',
  }),
  created('@tty', { Tty: true, Cmd: ['sh', '-c', 'stty -echo; echo ready; read line; echo got $line; sleep 1000'] }),
  takenOver(`/containers/@tty/attach?${all}&detachKeys=ctrl-a,b`, [
    begins('@tty'),
    { sees: /ready/ },
    { types: 'word\n' },
    { sees: /got word/ },
    { types: '\u0001b' },
  ]),
  given('pause @tty'),
  upgraded(`/containers/@tty/attach?${all}`, [], { as: 'attach to a paused one' }),
];

const overWebSocket: readonly Step[] = [
  given(`create -i --name @a IMAGE ${both}`),
  webSocket(`/containers/@a/attach/ws?${all}`, [begins('@a'), ...typed], { as: 'WebSocket before the start' }),
  webSocket('/containers/@a/attach/ws?logs=1&stdout=1&stderr=1', [], { as: 'WebSocket for the logs' }),
  webSocket('/containers/@a/attach/ws?logs=1&stderr=1', [], { as: 'WebSocket for the logs of stderr' }),
  webSocket('/containers/@a/attach/ws', [], { as: 'WebSocket for nothing' }),
  webSocket(`/containers/nosuch/attach/ws?${all}`, [], { as: 'WebSocket to nothing' }),
  webSocket(`/containers/@a/attach/ws?${all}&detachKeys=nope`, [], { as: 'WebSocket with bad keys' }),
  get('/containers/nosuch/attach/ws'),
  created('@once', { StdinOnce: true }),
  given('start @once'),
  webSocket(`/containers/@once/attach/ws?${all}`, [{ types: 'to once\n' }, { sees: /to once/ }, { ends: true }], {
    as: 'WebSocket, closed, StdinOnce',
  }),
  post('/containers/@once/wait', undefined, { as: 'its input has ended' }),
  created('@tty', { Tty: true, Cmd: ['sh', '-c', 'stty -echo; echo ready; read line; echo got $line; sleep 1000'] }),
  webSocket(`/containers/@tty/attach/ws?${all}&detachKeys=ctrl-a,b`, [
    begins('@tty'),
    { sees: /ready/ },
    { types: 'word\n' },
    { sees: /got word/ },
    { types: '\u0001b' },
  ]),
  webSocket(
    '/containers/@tty/attach/ws?logs=1&stream=1&stdout=1',
    [{ sees: /got word/ }, { does: given('kill @tty') }],
    { as: 'WebSocket with the logs before' },
  ),
];

/** POST …/attach and GET …/attach/ws. */
export const attach: readonly Group[] = [
  { name: 'attach-api', steps: overUpgrade },
  { name: 'attach-ws', steps: overWebSocket },
];
