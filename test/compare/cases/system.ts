import { docker, type Group, get, given, head, post, type Step } from '../steps.ts';

/** Versions change with every update of Debian. */
const versions: Step['mask'] = [
  [/"(Version|ServerVersion|ID|Expected)": ?"\d+\.\d[^"]*"/g, '"$1":"<version>"'],
  [/\b\d+\.\d+(?:\.\d+)?[~+][\w.~+-]+/g, '<version>'],
  [/"(GitCommit|GoVersion|NodeVersion)": ?"[^"]+"/g, '"$1":"<$1>"'],
  [/"(NFd|NGoroutines|NEventsListener)": ?\d+/g, '"$1":7'],
  [/"org\.opencontainers\.runtime-spec\.features":"(?:[^"\\]|\\.)*"/g, '"features":"<features>"'],
];

/** The system part: info, version, events, disk usage, and what we do not have. */
export const system: readonly Group[] = [
  {
    name: 'system',
    steps: [
      get('/_ping', {
        headers: [
          'api-version',
          'ostype',
          'docker-experimental',
          'cache-control',
          'pragma',
          'swarm',
          'builder-version',
        ],
      }),
      head('/_ping', { headers: ['api-version', 'ostype', 'content-length'] }),
      get('/version', { mask: versions }),
      get('/info', { mask: versions }),
      docker('version --format {{.Client.APIVersion}}:{{.Server.Os}}/{{.Server.Arch}}'),
      docker('system df'),
      docker('system df -v'),
      get('/system/df'),
      // dockerd 20.10 has no list, instead of an empty one, until its builder was asked for something
      given('builder prune -f'),
      get('/system/df?type=container'),
      get('/system/df?type=nope'),
      get('/nosuch'),
      get('/containers'),
      post('/containers/json'),
      get('/swarm'),
      get('/nodes'),
      get('/services'),
      get('/tasks'),
      get('/secrets'),
      get('/configs'),
      get('/plugins'),
      get('/plugins/nosuch/json'),
      post('/swarm/init', {}, { as: 'swarm init with nothing' }),
      docker('node ls'),
      docker('plugin ls'),
    ],
  },
  {
    name: 'events',
    steps: [
      given('create --name @a --label l=1 IMAGE sh -c true'),
      given('start -a @a'),
      given('rename @a @b'),
      given('rm @b'),
      docker('events --since {began} --until {now} --filter container=@a --filter container=@b', {
        mask: [
          [/^\S+/gm, 'T'],
          [/execDuration=\d+/g, 'execDuration=N'],
        ],
      }),
      docker('events --since {began} --until {now} --filter type=container --format {{json .}}'),
      docker('events --since {began} --until {now} --filter event=die --format {{.Action}}'),
      docker('events --since {began} --until {now} --filter label=l=1 --filter event=start --format {{.Action}}'),
      docker('events --since {began} --until {now} --filter nosuch=1'),
      docker('events --since nope --until {now}'),
      get('/events?since={began}&until={now}&filters={"type":["network"]}', { as: 'events of networks' }),
      get('/events?since=nope'),
      get('/events?until=nope'),
      get('/events?filters=nope'),
      get('/events?since={now}&until={began}', { as: 'events backwards' }),
    ],
  },
  {
    name: 'networks',
    steps: [
      docker('network ls --format {{.Name}}:{{.Driver}}:{{.Scope}}', { anyOrder: true }),
      docker('network ls -q'),
      docker('network ls --filter driver=bridge --format {{.Name}}'),
      docker('network ls --filter name=o --format {{.Name}}', { anyOrder: true }),
      docker('network ls --filter type=builtin --format {{.Name}}', { anyOrder: true }),
      docker('network ls --filter nosuch=1'),
      docker('network inspect bridge', { mask: [[/beluga[0-9a-f]{6}\b/g, 'beluga<id>']] }),
      docker('network inspect none host'),
      docker('network inspect nosuch'),
      docker('network rm bridge'),
      docker('network rm nosuch'),
      get('/networks', { anyOrder: true, mask: [[/beluga[0-9a-f]{6}\b/g, 'beluga<id>']] }),
      get('/networks/nosuch'),
    ],
  },
];
