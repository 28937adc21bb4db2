import { docker, type Group, get, given, live, post, type Step } from '../steps.ts';

/** Figures differ, the shape does not; which of the kernel’s own there are is the matter of `look › stats`. */
const figures: Step['mask'] = [
  [/"stats":\{[^}]*\}/g, '"stats":{}'],
  [/:\d+/g, ':7'],
  [/\[(?:7,?|\d+,?)+\]/g, '[7]'],
];
const twoSamples = /^[^\n]+\n[^\n]+\n/;

const eventsAs = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}';

/** Streams while they go on: stats, events, waits. */
export const streams: readonly Group[] = [
  {
    name: 'live-stats',
    steps: [
      given('run -d --name @a --network none IMAGE'),
      given('create --name @new IMAGE'),
      live(get('/containers/@a/stats'), { leaveAt: twoSamples, mask: figures }),
      live(get('/containers/@a/stats?stream=1'), { leaveAt: twoSamples, mask: figures }),
      get('/containers/@a/stats?stream=false&one-shot=1', { mask: figures }),
      get('/containers/@a/stats?stream=true&one-shot=1'),
      get('/containers/@new/stats?stream=0', { mask: figures, as: 'stats of one that does not run' }),
      get('/containers/@new/stats?stream=0&one-shot=1', { mask: figures, as: 'one sample of one that does not run' }),
      get('/containers/nosuch/stats'),
      get('/containers/nosuch/stats?stream=0'),
      live(get('/containers/@a/stats'), {
        during: [given('rm -f @a')],
        as: 'the end of a stream of stats',
        mask: [[/^[\s\S]*$/g, 'samples']],
      }),
      docker('stats --no-stream --no-trunc --format {{.Name}}:{{.PIDs}} @new'),
    ],
  },
  {
    name: 'live-events',
    steps: [
      live(get(`/events?filters={"container":["live-events-one"],"type":["container"]}`), {
        during: [given('run --rm --name live-events-one --network none IMAGE true')],
        leaveAt: /"destroy"[^\n]*\n/,
        mask: [[/"execDuration":"\d+"/g, '"execDuration":"N"']],
        as: 'events while a container lives',
      }),
      live(docker(`events --since {began} --filter type=container --filter event=create --format '${eventsAs}'`), {
        during: [given('create --name @b IMAGE')],
        leaveAt: /live-events-b\n/,
        as: 'docker events, live',
      }),
      live(get('/events?until={soon}&filters={"event":["create"],"container":["@b","@c"]}'), {
        during: [given('create --name @c IMAGE')],
        as: 'events until a moment that comes',
      }),
      get('/events?since={began}&until={now}&filters={"event":["create"],"type":["container"]}', {
        as: 'a replay alone',
      }),
      get('/events?since={now}&until={now}', { as: 'events of no time' }),
      get('/events?since={began}&until={now}&filters={"type":["nope"]}', { as: 'events of no type' }),
    ],
  },
  {
    name: 'waits',
    steps: [
      given("create --name @a IMAGE sh -c 'exit 3'"),
      live(post('/containers/@a/wait?condition=next-exit'), { during: [given('start @a')] }),
      post('/containers/@a/wait'),
      post('/containers/@a/wait?condition=not-running'),
      post('/containers/@a/wait?condition=nope'),
      post('/containers/nosuch/wait?condition=removed'),
      live(post('/containers/@a/wait?condition=removed'), { during: [given('rm @a')] }),
      post('/containers/@a/wait', undefined, { as: 'wait for one that is removed' }),
      given("create --rm --name @b IMAGE sh -c 'exit 4'"),
      live(post('/containers/@b/wait?condition=removed'), {
        during: [given('start @b')],
        as: 'wait for the removal by itself',
      }),
      given('run -d --name @c IMAGE'),
      live(post('/containers/@c/wait?condition=not-running'), { during: [given('kill @c')] }),
      given('start @c'),
      live(post('/containers/@c/wait?condition='), { during: [given('stop @c')] }),
      given('create --name @new IMAGE'),
      post('/containers/@new/wait', undefined, { as: 'wait for one that never ran' }),
      docker('wait @a nosuch'),
      docker('wait @c @new'),
      live(docker('wait @c'), { as: 'docker wait for one that has ended' }),
    ],
  },
];
