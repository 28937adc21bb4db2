import { docker, type Group, get, given, live } from '../steps.ts';

/** Of one life after the other, in the order in which it was told; a client may be answered before all of `last` is told. */
const told = (as: string, ...last: readonly string[]) =>
  live(
    docker(
      "events --since {from} --filter type=container --filter type=network --filter type=volume --format '{{.Type}} {{.Action}} {{json .Actor.Attributes}}'",
      {
        mask: [
          [/"execDuration":"\d+"/g, '"execDuration":"N"'],
          [/"image":"[^"]+",?/g, ''],
          [/,?"org\.[^"]+":"[^"]+"/g, ''],
        ],
      },
    ),
    { as, leaveAt: new RegExp(`^${last.map((words) => `(?=[^]*\\b${words}\\b)`).join('')}[^]*$`) },
  );

/** Events of networks, and their places among those of containers. */
export const networkEvents: readonly Group[] = [
  {
    name: 'network-events',
    steps: [
      given('run --name @a IMAGE true', { mark: 'from' }),
      told('events of one that ends by itself', 'container die', 'network disconnect'),
      given('start @a', { mark: 'from' }),
      given('wait @a'),
      told('events of a start', 'container die', 'network disconnect'),
      given('run -d --name @b IMAGE', { mark: 'from' }),
      given('stop @b'),
      told('events of a stop', 'container die', 'network disconnect', 'container stop'),
      // as the first process it does not hear SIGTERM
      given("run -d --name @deaf IMAGE sh -c 'while :; do sleep 1; done'", { mark: 'from' }),
      given('stop -t 0 @deaf'),
      told('events of a stop without patience', 'container die', 'network disconnect', 'container stop'),
      given('start @b', { mark: 'from' }),
      given('restart @b'),
      given('kill @b'),
      told(
        'events of a restart and a kill',
        'container restart[^]*container die',
        'container restart[^]*network disconnect',
      ),
      given('run -d --name @c --network none -v @v:/v IMAGE', { mark: 'from' }),
      given('rm -f @c'),
      told('events without a network', 'container destroy'),
      given('run --rm --name @d --network host IMAGE true', { mark: 'from' }),
      given('volume rm -f @v'),
      told('events on the network of the host', 'container destroy'),
      given('run -d --name @e IMAGE'),
      given('run --rm --name @f --network container:@e IMAGE true', { mark: 'from' }),
      told('events in the network of another one', 'container destroy'),
      docker('run --name @g IMAGE nope', { mark: 'from', as: 'a start that fails' }),
      told('events of a start that fails', 'network disconnect'),
      docker("events --since {began} --until {now} --filter network=bridge --format '{{.Type}} {{.Action}}'"),
      docker(
        "events --since {began} --until {now} --filter type=network --filter event=connect --format '{{.Action}}'",
      ),
      docker("events --since {began} --until {now} --filter network=host --filter type=network --format '{{.Action}}'"),
      docker("events --since {began} --until {now} --filter network=nosuch --format '{{.Type}} {{.Action}}'"),
      get('/events?since={began}&until={now}&filters={"type":["network"]}', { as: 'events of networks' }),
      get('/events?since={began}&until={now}&filters={"type":["network"],"container":["@a"]}', {
        as: 'events of networks of a container',
      }),
    ],
  },
];
