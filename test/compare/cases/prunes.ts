import { docker, type Group, get, given, post, type Step } from '../steps.ts';

/** Ids come in no order, and sizes of layers are those of a storage driver. */
const anyOrder = { anyOrder: true } as const;

/** What filters there are, and what no filter is. */
const refusals = (noun: string, known: readonly string[]): Step[] =>
  [...known, '{"nosuch":["1"]}', 'nope', '{"until":["nope"]}', '{"until":["1h","2h"]}'].map((filters) =>
    post(`/${noun}/prune?filters=${filters}`),
  );

const labels = ['{"label":["nosuch"]}', '{"label!":["l=1","m"]}'];

/** Prunes by CLI and by API. */
export const prunes: readonly Group[] = [
  {
    name: 'prune-containers',
    steps: [
      given('run --name @a --label l=1 IMAGE true'),
      given("run --name @b --label m IMAGE sh -c 'echo 12345 > /x'"),
      given('create --name @c --label n=3 IMAGE'),
      given('run -d --name @up IMAGE'),
      // dockerd 26.1 forgets what is below a second of `until`
      given('run --rm IMAGE sleep 1'),
      ...refusals('containers', ['{"label":["nosuch"]}', '{"until":["1h"]}']),
      post('/containers/prune?filters={"label":["l"],"until":["0s"]}'),
      docker('container prune -f --filter label!=m --filter until=0s'),
      docker('ps -a --format {{.Names}}'),
      post('/containers/prune'),
      post('/containers/prune', undefined, { as: 'containers, again' }),
    ],
  },
  {
    name: 'prune-images',
    steps: [
      given("run --name @a IMAGE sh -c 'echo 12345 > /x'"),
      given('commit @a'),
      given("commit -c 'LABEL l=1' @a"),
      given("commit -c 'LABEL m=2' @a @named:one"),
      given("commit -c 'LABEL m=3' @a @named:two"),
      ...refusals('images', ['{"until":["1h"]}', '{"label":["nosuch"]}', '{"dangling":["nope"]}']),
      docker('image prune -f --filter label=l=1'),
      docker('image prune -f', anyOrder),
      docker('image prune -f', { as: 'docker image prune, again' }),
      docker('image prune -a -f --filter label=m=2', anyOrder),
      post('/images/prune?filters={"dangling":["false"],"label":["m"]}', undefined, anyOrder),
      post('/images/prune?filters={"dangling":["true"]}'),
      post('/images/prune'),
      docker('images --format {{.Repository}} prune-images-named'),
    ],
  },
  {
    name: 'prune-volumes',
    steps: [
      given('volume create @a'),
      given('volume create --label l=1 @b'),
      given('volume create --label m @c'),
      given('run -d --name @up -v @used:/x -v /anonymous IMAGE'),
      given('run --name @gone -v /anonymous IMAGE true'),
      ...refusals('volumes', labels.slice(0, 1)),
      post('/volumes/prune?filters={"all":["nope"]}'),
      given('rm @gone'),
      docker('volume prune -f --filter label=l=1', { mask: [[/[0-9a-f]{64}/g, '<id>']] }),
      docker('volume prune -f', anyOrder),
      post('/volumes/prune?filters={"all":["true"],"label!":["m"]}'),
      docker('volume ls -q --filter name=prune-volumes', anyOrder),
      post('/volumes/prune?filters={"all":["1"]}'),
      docker('volume ls -q --filter name=prune-volumes', { as: 'volumes that are left' }),
    ],
  },
  {
    name: 'prune-networks',
    steps: [
      docker('network prune -f'),
      docker('network prune -f --filter until=1h'),
      ...refusals('networks', labels),
      post('/networks/prune'),
      docker('builder prune -f'),
      docker('builder prune -af --filter until=1h'),
      post('/build/prune'),
      post('/build/prune?all=1&keep-storage=1000'),
      post('/build/prune?filters={"until":["1h"]}'),
      post('/build/prune?filters=nope'),
      post('/build/prune?keep-storage=nope'),
    ],
  },
  {
    name: 'prune-system',
    steps: [
      given('volume create @v'),
      given('run --name @a --label l=1 IMAGE true'),
      given('run -d --name @up IMAGE'),
      docker('system prune -f --filter label=nosuch'),
      docker('system prune -f --filter until=1h'),
      docker('system prune -f --volumes --filter until=1h'),
      docker('system prune -f --filter nosuch=1'),
      docker('system prune -f --filter until=nope'),
      docker('system prune -f --volumes', anyOrder),
      // the image of a container that runs stays, and with it the sample
      docker('system prune -af', anyOrder),
      docker('ps -a --format {{.Names}}'),
      docker('images --format {{.Repository}}', anyOrder),
      docker(
        "events --since {began} --until {now} --filter event=prune --filter type=container --filter type=image --filter type=network --filter type=volume --format '{{.Type}} {{json .Actor.Attributes}}'",
        { as: 'events of prunes', ...anyOrder },
      ),
      docker("events --since {began} --until {now} --filter type=builder --format '{{json .Actor.Attributes}}'", {
        as: 'events of prunes of the build cache',
      }),
    ],
  },
  {
    name: 'df',
    steps: [
      given('volume create --label l=1 @v'),
      given("run --name @a -v @v:/v IMAGE sh -c 'echo 12345 > /v/x; echo 1234567 > /y'"),
      given('run -d --name @up IMAGE'),
      given('tag IMAGE @other:one'),
      given('commit @a'),
      docker('system df'),
      docker("system df --format '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}'"),
      docker('system df -v', { mask: [[/^[0-9a-f]{64}/gm, '<id>']] }),
      ...['', '?type=container', '?type=image', '?type=volume', '?type=build-cache', '?type=volume&type=container'].map(
        (query) => get(`/system/df${query}`, anyOrder),
      ),
      get('/system/df?type='),
      get('/system/df?verbose=1', anyOrder),
      given('rmi @other:one'),
      given('image prune -f'),
    ],
  },
];
