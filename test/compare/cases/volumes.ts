import { docker, type Group, get, post } from '../steps.ts';

const image = { Image: 'IMAGE' };

/** docker volume, and containers with volumes. */
export const volumes: readonly Group[] = [
  {
    name: 'volumes',
    steps: [
      docker('volume create @a'),
      docker('volume create @a', { as: 'docker volume create, again' }),
      docker('volume create --label l=1 @b'),
      docker('volume create'),
      docker('volume create -d nosuch @c'),
      docker('volume create --opt nosuch=1 @c'),
      docker("volume create 'a b'"),
      docker('volume inspect @a @b'),
      docker('volume inspect nosuch'),
      docker('volume ls --format {{.Driver}}:{{.Name}} --filter name=@a', { anyOrder: true }),
      docker('volume ls -q --filter label=l=1'),
      docker('volume ls -q --filter driver=nosuch'),
      docker('volume ls -q --filter nosuch=1'),
      docker("run --rm -v @a:/data IMAGE sh -c 'echo kept > /data/file'"),
      docker('run --rm -v @a:/data:ro IMAGE touch /data/x'),
      docker('run -d --name @one -v @a:/data -v /anonymous --mount type=volume,src=@b,dst=/b,readonly IMAGE'),
      get('/containers/@one/json', { as: 'inspect with volumes' }),
      docker('ps --filter volume=@a --format {{.Names}}'),
      docker('ps --filter volume=/b --format {{.Names}}'),
      docker('run --rm --volumes-from @one IMAGE cat /data/file'),
      docker('run --rm -v @etc:/etc IMAGE cat /etc/group', { as: 'copy up of what the image has there' }),
      docker('run --rm -v @etc:/x IMAGE ls /x'),
      docker('volume ls -q --filter dangling=true --filter name=@etc'),
      docker('volume rm @a'),
      docker('volume rm nosuch'),
      docker('volume rm -f nosuch'),
      docker('rm -f -v @one'),
      docker('volume ls -q --filter name=@', { as: 'docker volume ls after the container', anyOrder: true }),
      docker('volume rm @a', { as: 'docker volume rm of one that nobody uses' }),
      docker('volume prune -f'),
      docker('volume prune -f --filter label=l=1'),
      post('/volumes/create', {}, { as: 'create without a name' }),
      post('/volumes/create', { Name: '-a' }),
      post('/volumes/create', { Name: 5 }),
      post('/volumes/create', undefined, { as: 'create without a body' }),
      get('/volumes/nosuch'),
      get('/volumes?filters={"nosuch":["1"]}'),
      post('/volumes/prune?filters={"nosuch":["1"]}'),
      post(
        '/containers/create?name=@x',
        { ...image, HostConfig: { Binds: ['@x:/x'] } },
        { as: 'create with a volume' },
      ),
      get('/volumes/@x'),
      post(
        '/containers/create',
        {
          ...image,
          HostConfig: { Mounts: [{ Type: 'volume', Source: '@x', Target: '/x', VolumeOptions: { NoCopy: true } }] },
        },
        { as: 'create with a volume as mount' },
      ),
    ],
  },
];
