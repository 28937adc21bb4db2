import type { Listed } from './listed.ts';

/** Of what is watched while it goes on, and of prunes. */
export const live: readonly Listed[] = [
  {
    where: ['terminals › terminal: docker run -it --rm IMAGE nope', 'network-events › a start that fails'],
    field: ['body[0]', 'stderr[0]'],
    reason: 'The runtime’s own words: crun has others than runc, at a terminal as well',
  },
  {
    where: 'terminals › terminal: docker exec -it @b nope',
    field: 'exit',
    reason: 'A program that is not there ends an exec with 127 at a terminal as well',
  },
  {
    where: [
      'detach-keys › POST /containers/@a/attach*',
      'attach-api › attach to nothing',
      'attach-api › attach to a paused one',
    ],
    field: ['type', 'body'],
    reason: 'A refused attach is answered in JSON, whatever it was refused for',
  },
  {
    where: [
      'logs-api › GET /containers/@a/logs?stdout=1&tail=2&timestamps=1',
      'logs-api › GET /containers/@a/logs?stderr=1&tail=2&timestamps=1',
      'logs-api › *until={middle}&tail=1*',
    ],
    field: 'body*',
    reason: 'The tail is one of the lines that were asked for; dockerd counts all and then leaves some of them out',
  },
  {
    where: 'logs-api › a line without an end, and the next run',
    field: 'body*',
    reason:
      'A line that a container left without an end goes on in its next run: the log’s format has no sign between them',
  },
  {
    where: ['live-stats › live GET *', 'live-stats › the end of a stream of stats'],
    field: 'type',
    reason: 'A stream of stats says what it is: JSON',
  },
  {
    where: 'live-stats › live GET *',
    field: ['body[0].preread', 'body[0].precpu_stats.*'],
    reason: 'The first sample of a stream has one before it, so that clients can tell the use of the processor at once',
  },
  {
    where: 'live-stats › GET /containers/@a/stats?stream=false&one-shot=1',
    field: ['body.name', 'body.id'],
    reason: 'A single sample names its container as every other does',
  },
  {
    where: 'network-events › events without a network',
    field: ['body[7]', 'body[8]'],
    reason: 'An end is recorded before anything is taken away, and volumes are told to be free when they are',
  },
  {
    where: ['network-events › events of a stop*', 'network-events › events of a restart and a kill'],
    field: 'body*',
    reason:
      'The end of a stopped container is told in one order, disconnect, die, stop; dockerd tells stop before die or behind it',
  },
  {
    where: [
      'prune-images › POST /images/prune?filters={"until":*',
      'prune-networks › POST /build/prune?*=nope',
      'prune-volumes › POST /volumes/prune?filters={"all":["nope"]}',
    ],
    field: ['status', 'body.message'],
    reason: 'A bad value of a prune is the client’s fault (400), and told without the words of Go’s parser',
  },
  {
    where: ['logs-api › *', 'logs-followed › *'],
    field: 'type',
    peer: 'dockerd 20.10',
    reason:
      'Logs say what kind of stream they are; dockerd 20.10 says nothing, and clients of API 1.41 read the same bytes',
  },
  {
    where: 'df › GET /system/df*',
    field: '*.RepoTags',
    reason: 'An image without a name has an empty list of names, not none',
  },
];
