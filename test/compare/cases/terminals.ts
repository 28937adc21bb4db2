import { atTerminal, docker, type Group, given, post, type Turn } from '../steps.ts';

/** Waits in the container until its terminal has a size, of which stty complains where there is none, and says so. */
const until = (rows: number, columns: number) =>
  `until [ "$(stty size 2>/dev/null)" = "${rows} ${columns}" ]; do sleep 0.05; done; echo it is ${rows} by ${columns};`;

const resized: readonly Turn[] = [
  { sees: /it is 24 by 80\n/ },
  { size: [40, 132], sees: /it is 40 by 132\n/ },
  { types: 'word\r' },
];
const sizes = `${until(24, 80)} ${until(40, 132)} read line; echo got $line`;

/** Echoes lines until one says `end`. */
const lines = 'echo ready; while read line; do echo got $line; [ "$line" = end ] && exit 4; done';
const atEnd: readonly Turn[] = [{ types: 'end\r' }];

/** The docker CLI as a person has it. */
export const terminals: readonly Group[] = [
  {
    name: 'terminals',
    steps: [
      atTerminal(`run -it --rm IMAGE sh -c '${sizes}'`, resized, { as: 'run -it, resized' }),
      atTerminal(
        `run -it --name @a IMAGE sh -c '${lines}'`,
        [{ sees: /ready\n/ }, { types: 'x\r' }, { sees: /got x\n/ }, ...atEnd],
        {
          as: 'run -it, typed at',
        },
      ),
      docker('logs @a'),
      atTerminal('start -ai @a', [{ sees: /ready\n/ }, ...atEnd]),
      atTerminal('run -t --rm IMAGE tty', []),
      atTerminal('run -it --rm IMAGE nope', []),
      atTerminal("run -it --rm -e TERM=other IMAGE sh -c 'echo $TERM'", []),
      atTerminal("run -it --rm IMAGE sh -c 'echo $TERM'", []),
      atTerminal(`run -i --rm IMAGE cat`, [{ types: 'without a terminal\n' }, { types: '\u0004' }]),
      given(`run -dit --name @b IMAGE sh -c '${lines}'`),
      atTerminal(`exec -it @b sh -c '${sizes}'`, resized, { as: 'exec -it, resized' }),
      atTerminal("exec -it @b sh -c 'tty; exit 3'", []),
      atTerminal("exec -it @b sh -c 'kill -9 $$'", []),
      atTerminal('exec -it @b nope', []),
      atTerminal("exec -t @b sh -c 'echo $TERM'", []),
    ],
  },
  {
    name: 'detach-keys',
    steps: [
      given(`run -dit --name @a IMAGE sh -c '${lines}'`),
      atTerminal('attach @a', [{ types: 'one\r' }, { sees: /got one\n/ }, { types: '\u0010\u0011' }]),
      atTerminal(
        'attach --detach-keys ctrl-x,x @a',
        [
          { types: 'two\r' },
          { sees: /got two\n/ },
          { types: '\u0010\u0011\u0018' },
          { types: 'y\r' },
          { sees: /got .*\n/ },
          { types: '\u0018' },
          { types: 'x' },
        ],
        // what is typed before the CLI has the terminal raw is echoed twice
        { as: 'attach with keys of one’s own, after half of them', mask: [[/(two\r?\n)(?:two\r?\n)+/g, '$1']] },
      ),
      atTerminal('attach --detach-keys nope @a', []),
      docker('inspect -f {{.State.Running}} @a'),
      atTerminal(`run -it --name @b --detach-keys a IMAGE sh -c '${lines}'`, [
        { sees: /ready\n/ },
        { types: 'bc' },
        { sees: /bc/ },
        { types: 'a' },
      ]),
      docker('inspect -f {{.State.Running}} @b'),
      atTerminal(
        "exec -it --detach-keys ctrl-x,x @a sh -c 'echo ready; sleep 1000'",
        [{ sees: /ready\n/ }, { types: '\u0018x' }],
        { as: 'exec, left' },
      ),
      docker('exec -d --detach-keys nope @a true'),
      atTerminal('attach @a', [{ types: 'three\r' }, { sees: /got three\n/ }, ...atEnd], { as: 'attach to the end' }),
      docker(
        "events --since {began} --until {now} --filter event=detach --filter event=attach --filter event=exec_detach --format '{{.Action}} {{.Actor.Attributes.name}}'",
      ),
      post('/containers/@a/attach?stream=1&detachKeys=nope'),
      post('/containers/@a/attach?stream=1&detachKeys=ctrl-'),
      docker('attach @a', { as: 'attach to one that has ended' }),
    ],
  },
];
