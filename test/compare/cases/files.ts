import { docker, type Group, get, given, head, post, put, type Step } from '../steps.ts';

const version: Step['mask'] = [[/"DockerVersion":"[^"]*"/g, '"DockerVersion":"<version>"']];
const stat = { headers: ['x-docker-container-path-stat'] };

/** What is in containers: cp, diff, commit. */
export const files: readonly Group[] = [
  {
    name: 'cp',
    steps: [
      given('run -d --name @a IMAGE'),
      docker('cp @a:/etc/passwd out.txt'),
      docker('cp out.txt @a:/tmp/in.txt'),
      docker('exec @a cat /tmp/in.txt'),
      // the CLI tells at times that the engine no longer listens
      docker('cp out.txt @a:/tmp/new/', { mask: [[/^time=.*closed pipe"\n/gm, '']] }),
      docker('cp out.txt @a:/nosuch/x'),
      docker('cp out.txt @a:/etc'),
      docker('cp @a:/nosuch out.txt'),
      docker('cp nosuch:/x out.txt'),
      docker('cp nosuchfile @a:/x'),
      docker('cp @a:/etc/group -', { as: 'docker cp to standard output', mask: [[/^.+$/gs, 'tar']] }),
      docker('cp -a out.txt @a:/tmp/archived'),
      // to a harmless name: the CLI follows it when the copy is made once more
      given('exec @a ln -s in.txt /tmp/link'),
      docker('cp @a:/tmp/link link.txt'),
      docker('cp -L @a:/tmp/link followed.txt'),
      given('kill @a'),
      docker('cp @a:/tmp/in.txt again.txt'),
      docker('cp out.txt @a:/tmp/stopped'),
      head('/containers/@a/archive?path=/etc/passwd', stat),
      head('/containers/@a/archive?path=/tmp/link', stat),
      head('/containers/@a/archive?path=/etc', stat),
      head('/containers/@a/archive?path=/nosuch', stat),
      get('/containers/@a/archive?path=/nosuch'),
      get('/containers/@a/archive'),
      put('/containers/@a/archive', undefined, { as: 'put without a path' }),
      put('/containers/@a/archive?path=/nosuch', undefined, { as: 'put where nothing is' }),
      put('/containers/@a/archive?path=/etc/passwd', undefined, { as: 'put into a file' }),
      put('/containers/@a/archive?path=/tmp', undefined, { as: 'put what is no archive', input: 'no archive' }),
    ],
  },
  {
    name: 'diff',
    steps: [
      given("run --name @a IMAGE sh -c 'echo x > /new; rm /welcome; touch /etc/passwd; mkdir -p /d/e'"),
      docker('diff @a', { anyOrder: true }),
      get('/containers/@a/changes', { anyOrder: true }),
      given('create --name @b IMAGE'),
      docker('diff @b'),
      get('/containers/@b/changes'),
    ],
  },
  {
    name: 'commit',
    steps: [
      given("run --name @a -e A=1 IMAGE sh -c 'echo x > /new'"),
      docker(
        "commit -m message -a author -c 'ENV B=2' -c 'CMD [\"cat\",\"/new\"]' -c 'LABEL l=1' -c 'EXPOSE 80' @a made:1",
      ),
      docker('run --rm made:1'),
      get('/images/made:1/json', { as: 'inspect of what was made', mask: version }),
      docker('history --no-trunc --format {{.CreatedBy}}:{{.Comment}}:{{.Size}} made:1'),
      docker('commit @a'),
      docker('commit nosuch'),
      docker('commit @a UPPER'),
      docker("commit -c 'NOPE x' @a made:2"),
      post('/commit'),
      post('/commit?container=nosuch', {}),
      post('/commit?container=@a&repo=made&tag=3', { Cmd: ['true'], Env: ['C=3'] }),
      get('/images/made:3/json', { as: 'inspect of one with a config', mask: version }),
      given('run -d --name @b IMAGE'),
      docker('commit -p=false @b made:4'),
      given('rmi -f made:1 made:3 made:4'),
      given('image prune -f'),
    ],
  },
];
