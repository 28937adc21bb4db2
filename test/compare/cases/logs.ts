import { docker, type Group, get, given, live } from '../steps.ts';

/** Both lines of this run are written; what is in a tmpfs is of no run before. */
const allSaid = given("exec @b sh -c 'until test -e /run/two; do sleep 0.1; done'");

/** One stream after the other, so that nothing hangs on which of two is read first. */
const speaks = "sh -c 'for i in 1 2 3; do echo out $i; sleep 0.1; echo err $i >&2; sleep 0.1; done'";
const kinds = ['stdout=1', 'stderr=1', 'stdout=1&stderr=1'] as const;
const options = [
  'tail=2',
  'tail=0',
  'tail=all',
  'tail=-1',
  'timestamps=1',
  'timestamps=1&tail=1',
  'details=1',
  'details=1&timestamps=1&tail=2',
  'since={middle}',
  'until={middle}',
  'since={middle}&until={middle}',
  'since={began}&tail=1',
  'until={middle}&tail=1&timestamps=1',
  'follow=1',
  'follow=1&tail=1&timestamps=1',
  'follow=1&since={middle}&details=1',
  'follow=1&until={middle}',
] as const;

/** Logs in all combinations of their options. */
export const logs: readonly Group[] = [
  {
    name: 'logs-api',
    steps: [
      given(`run --name @a --label kept=yes --log-opt labels=kept --log-opt env=WORD -e WORD=x IMAGE ${speaks}`),
      given('start -a @a', { mark: 'middle' }),
      ...kinds.map((kind) => get(`/containers/@a/logs?${kind}`)),
      ...options.map((option) => get(`/containers/@a/logs?stdout=1&stderr=1&${option}`)),
      ...kinds.map((kind) => get(`/containers/@a/logs?${kind}&tail=2&timestamps=1`)),
      given("run --name @half IMAGE sh -c 'echo whole; printf half'"),
      get('/containers/@half/logs?stdout=1&timestamps=1', { as: 'a line without an end' }),
      given('start -a @half'),
      get('/containers/@half/logs?stdout=1', { as: 'a line without an end, and the next run' }),
      get('/containers/@a/logs?follow=1'),
      get('/containers/nosuch/logs?stdout=1&follow=1'),
      given(`create -t --name @tty IMAGE sh -c 'echo one; echo two; echo three >&2'`),
      given('start -a @tty'),
      get('/containers/@tty/logs?stdout=1', { as: 'logs of a terminal' }),
      get('/containers/@tty/logs?stdout=1&stderr=1&timestamps=1&tail=2', { as: 'logs of a terminal, with times' }),
      get('/containers/@tty/logs?stderr=1', { as: 'errors of a terminal' }),
    ],
  },
  {
    name: 'logs-followed',
    steps: [
      given(`create --name @a IMAGE ${speaks}`),
      get('/containers/@a/logs?stdout=1', { as: 'logs of one that never ran' }),
      get('/containers/@a/logs?stdout=1&tail=3', { as: 'the tail of one that never ran' }),
      live(get('/containers/@a/logs?stdout=1&stderr=1&follow=1'), {
        during: [given('start @a')],
        as: 'logs followed from before the start',
      }),
      given(
        "run -d --tmpfs /run --name @b IMAGE sh -c 'echo one; sleep 0.1; echo two >&2; touch /run/two; sleep 1000'",
      ),
      allSaid,
      live(docker('logs -f -t @b'), { during: [given('kill @b')], as: 'docker logs -f to the end' }),
      given('start @b'),
      allSaid,
      live(docker('logs -f --tail 1 @b'), { during: [given('stop -t 0 @b')], as: 'docker logs -f of the tail' }),
      live(get('/containers/@b/logs?stdout=1&stderr=1&follow=1&until={soon}'), {
        as: 'logs followed until a moment',
      }),
      given('start @b'),
      allSaid,
      live(get('/containers/@b/logs?stdout=1&stderr=1&follow=1&tail=1'), {
        during: [given('rm -f @b')],
        as: 'logs followed over the removal',
      }),
      given("run -d --log-driver none --name @none IMAGE sh -c 'echo lost'"),
      docker('logs @none'),
      get('/containers/@none/logs?stdout=1&follow=1'),
    ],
  },
];
