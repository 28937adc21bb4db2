import { live } from './differences-live.ts';
import type { Listed } from './listed.ts';

/** Differences that stand, in the order of docs/compatibility.md. */
export const accepted: readonly Listed[] = [
  {
    where: '*',
    field: ['body.code', 'body.reason', 'body.params'],
    reason: 'A failure also has a stable code, a reason and its values, by which the app translates it',
  },
  {
    where: '*',
    field: ['*.State.BelugaFailure', 'body.BelugaWarnings', 'body.BelugaHangUp'],
    reason: 'What the app reads besides Docker’s fields has the engine’s name in front',
  },
  {
    where: 'system › *',
    field: [
      'api-version',
      'builder-version',
      '*Version',
      '*GitCommit',
      '*GoVersion',
      '*BuildTime',
      '*NodeVersion',
      'body.Platform.Name',
      '*Experimental',
    ],
    reason: 'Beluga is another program: it has a version of its own, speaks API 1.51 as well, and was not made by Go',
  },
  {
    where: 'system › GET /version',
    field: 'body.Components*',
    reason: 'The programs that the engine stands on are crun, runc and conmon, not containerd',
  },
  {
    where: '*',
    field: ['*.GwPriority', '*.DNSNames', '*.EnableIPv4'],
    reason: 'Fields of newer APIs are there in older ones as well: clients ignore what they do not know',
  },
  {
    where: '*',
    field: ['*.KernelMemory', '*.KernelMemoryTCP'],
    reason: 'Limits of the kernel’s own memory were taken out of the kernel and of API 1.42',
  },
  {
    where: '*',
    field: ['*.GraphDriver.Data.*', 'body.DriverStatus*'],
    reason: 'Layers lie in Beluga’s own store: it says where the root filesystem is mounted, not how it is made',
  },
  {
    where: '*',
    field: [
      '*HostConfig.Runtime',
      'body.Runtimes*',
      'body.DefaultRuntime',
      'body.RuncCommit*',
      'body.ContainerdCommit*',
    ],
    reason:
      'crun is the default runtime where it works, for it starts containers in less time; runc is there beside it',
  },
  {
    where: [
      'run › docker run --rm IMAGE nope',
      'run › docker run --rm IMAGE /etc',
      'exec › docker exec -w /nowhere @a pwd',
      'inspections › start @wrong',
      'inspections › inspect @wrong not started',
    ],
    field: ['stdout', 'stderr*', 'body.message', 'body.State.Error'],
    reason: 'The runtime’s own words: crun has others than runc',
  },
  {
    where: [
      'ps › GET /containers/json?limit=nope',
      'logs › GET /containers/@a/logs?stdout=1&since=nope',
      'logs › GET /containers/@a/logs?stdout=1&until=nope',
      'events › GET /events?since=nope',
      'events › GET /events?until=nope',
      'requests › POST /containers/@b/stop?t=nope',
      'requests › POST /containers/@b/restart?t=nope',
      'requests › POST /containers/@b/resize?*',
      'requests › GET /containers/@b/top?ps_args=nope',
      'requests › top without a pid',
      'exec › resize to nonsense',
      'create requests › {"Binds":["/a:b"]}',
      'create requests › {"Binds":["/a:/b:nope"]}',
      'create requests › {"SecurityOpt":["nope*"]}',
      'create requests › {"StorageOpt":{"size":"10G"}}',
      'create requests › {"Isolation":"hyperv"}',
    ],
    field: ['status', 'body.message'],
    reason:
      'A bad value is the client’s fault (400) and is named; dockerd answers 500, or with the words of Go’s parser',
  },
  {
    where: '*',
    field: 'body.message',
    words: /json: cannot unmarshal/,
    reason: 'A value of the wrong kind is told by its path in the body, without the names of dockerd’s Go types',
  },
  {
    where: 'ports › docker run --rm -p 127.0.0.1:18081:80 IMAGE true',
    field: 'stderr*',
    reason: 'A port that is taken is told with the container that has it',
  },
  {
    where: 'look › stats',
    field: 'body.memory_stats.stats.*',
    reason: 'All figures that the kernel has of a container’s memory are told, not a fixed list of them',
  },
  {
    where: '*',
    field: '*RepoDigests*',
    reason:
      'Beluga keeps the manifest of a loaded image, so that pushing it gives the same digest: it has one from the beginning',
  },
  {
    where: ['requests › unpause of a running one', 'requests › remove a link of an id'],
    field: 'status',
    reason: 'What a container’s state does not allow is a conflict (409), here as well',
  },
  {
    where: 'requests › POST /containers/nosuch/attach',
    field: ['type', 'body'],
    reason: 'A refused attach is answered as every other refusal, in JSON',
  },
  {
    where: ['run › docker run --rm --network nosuch*', 'system › swarm init*'],
    field: ['status', 'stderr*', 'body.message'],
    reason: 'Networks of one’s own are not there yet, nor building, and swarm is not planned: the refusal says so',
  },
  {
    where: 'networks › *',
    field: '*com.docker.network.bridge.name',
    reason: 'The bridge has the instance in its name, so that two engines live side by side',
  },
  {
    where: 'system › GET /info',
    field: ['body.NFd', 'body.NGoroutines', 'body.NEventsListener', 'body.LiveRestoreEnabled', 'body.RegistryConfig.*'],
    reason:
      'Figures of the dockerd process; containers always live on without the engine; the loopback of IPv6 is no less trusted',
  },
  {
    where: 'create requests › *?platform=*',
    field: 'body.message',
    reason: 'An image has several platforms in Beluga, and its refusal names those that it has',
  },
  {
    where: ['create › inspect *', 'ps › GET *', '* › inspect *'],
    field: ['*.ResolvConfPath', '*.HostnamePath', '*.HostsPath', '*.LogPath', '*.NetworkID'],
    reason:
      'The files of a container and its network are known from its creation; LogPath names the log itself, in the CRI format',
  },
  {
    where: '*',
    field: ['*.SandboxID', '*.SandboxKey'],
    reason: 'The network namespace of a container is the engine’s own business, and has no name outside',
  },
  {
    where: ['exec › docker exec @a nope', 'exec › docker exec -t @a nope', 'exec › docker exec -w /nowhere @a pwd'],
    field: 'exit',
    reason:
      'What is not there ends an exec with 127, as it does docker run; before version 28 dockerd overwrote that with 126 (moby#48552)',
  },
  {
    where: ['exec › POST /containers/@a/exec*', 'exec › exec without a body'],
    field: ['status', 'body.Id', 'body.message'],
    reason:
      'A word is taken for a command of one word, as create takes it; what is refused is refused at once, with 400',
  },
  {
    where: ['exec › start again', 'exec › resize after the end'],
    field: ['status', 'type', 'body', 'body.message'],
    reason: 'An exec that has run is a conflict (409), as the API’s documentation has it',
  },
  {
    where: 'events › docker events * --filter nosuch=1',
    field: '*',
    reason: 'A filter that does not exist is refused: without it everything would be told',
  },
  {
    where: ['cp › put *', 'cp › GET /containers/@a/archive'],
    field: ['status', 'body.message'],
    reason: 'An archive that is none, or has no place, is the client’s fault (400), and told in a sentence',
  },
  {
    where: 'diff › *',
    field: ['stdout*', 'body*'],
    reason:
      'dockerd also lists /etc, for it puts hosts and resolv.conf there itself; that is no change of the container',
  },
  {
    where: 'commit › inspect of *',
    field: 'body.Config.*',
    reason: 'A committed image has no fields that only containers have; API 1.50 leaves them out of every image',
  },
  {
    where: 'system › GET /info',
    field: [
      'body.BridgeNfIp*',
      'body.Plugins.Network*',
      'body.Plugins.Log*',
      'body.InitBinary',
      'body.CDISpecDirs',
      'body.InitCommit.Expected',
    ],
    reason:
      'What Beluga does not use or have is not told: br_netfilter, networks of other drivers, logs of clouds, docker-init, CDI, pinned commits',
  },
  {
    where: '*',
    field: ['*HostConfig.MaskedPaths[1*', '*HostConfig.MaskedPaths.length'],
    reason: 'Tighter, as newer dockerds are: /proc/interrupts and the power figures of the host are masked too',
  },
  {
    where: [
      'create requests › {"NetworkMode":"nosuch"}',
      'create requests › {"UsernsMode":"nope"}',
      'create requests › {"PortBindings":{"80/tcp":[{"HostIp":"nope","HostPort":"80"}]}}',
      'create requests › {"SecurityOpt":["seccomp={"]}',
      'create requests › {"Ulimits":*',
      'create requests › {"DeviceCgroupRules":["nope"]}',
      'create requests › {"Dns":["nope"]}',
    ],
    field: ['status', 'body.Id', 'body.Warnings', 'body.message'],
    reason:
      'What cannot be is refused when a container is made: dockerd takes it, and fails at the start or goes without',
  },
  {
    where: 'create requests › {"LogConfig":{"Type":"nope"}}',
    field: 'body.message',
    reason: 'A log driver that is not there is told with those that are',
  },
  {
    where: ['update › *', 'inspections › *'],
    field: [
      'body.HostConfig.PortBindings',
      'body.HostConfig.Dns*',
      'body.HostConfig.Blkio*',
      'body.HostConfig.Devices',
      'body.HostConfig.Ulimits',
    ],
    words: /^null$/,
    reason: 'A list that was not given is shown as an empty one: dockerd shows null or [], as the client had it',
  },
  {
    where: 'inspections › inspect @ports *',
    field: 'body.HostConfig.PortBindings.94',
    reason: 'A port without a binding asks for nothing, and is not kept',
  },
  {
    where: 'inspections › inspect @ports while it runs',
    field: 'body.NetworkSettings.Ports.90/tcp[*',
    reason: 'The bindings of a port are told in the order in which they were given',
  },
  {
    where: 'inspections › inspect @ports while it runs',
    field: 'body.NetworkSettings.Ports.93/tcp',
    reason: 'A port that is bound is published; dockerd leaves it out where it is not exposed as well',
  },
  {
    where: 'inspections › inspect @joined when it is made',
    field: 'body.Config.Hostname',
    reason: 'Who joins the network of another has its host name from the beginning, not from the first start',
  },
  {
    where: [
      'update › POST /containers/@odd/update {"Memory":*',
      'update › POST /containers/@idle/update {"Memory":*',
      'update › @odd after {"Memory":*',
      'update › @idle after {"Memory":*',
    ],
    field: ['status', 'body.message', 'body.Warnings', 'body.HostConfig.Memory*'],
    reason:
      'Memory can be limited where neither it nor swap was: dockerd compares the new limit with one of swap that is not there',
  },
  {
    where: [
      'update › POST /containers/@*/update {"MemorySwap":1048576}',
      'update › POST /containers/@*/update {"MemoryReservation":268435456}',
      'update › @* after {"MemorySwap":1048576}',
      'update › @* after {"MemoryReservation":268435456}',
    ],
    field: ['status', 'body.message', 'body.Warnings', 'body.HostConfig.Memory*'],
    reason: 'New limits are checked together with those that stay: dockerd lets the next start fail',
  },
  {
    where: [
      'update › POST /containers/@odd/update {"CpuShares":-1}',
      'update › POST /containers/@odd/update {"CpuRealtimeRuntime":5000}',
      'update › @odd after {"CpuRealtimeRuntime":5000}',
    ],
    field: ['status', 'body.message', 'body.Warnings', 'body.HostConfig.CpuRealtimeRuntime'],
    reason: 'A limit that the kernel refuses is the client’s fault (400), and is not recorded',
  },
  {
    where: [
      'update › *{"MemorySwappiness":40}',
      'update › *{"OomKillDisable":true}',
      'update › *{"BlkioDevice*',
      'update › *{"BlkioWeightDevice*',
    ],
    field: ['status', 'body.message', 'body.Warnings', 'body.HostConfig.*'],
    reason: 'These limits can be changed too: dockerd takes them, and leaves what was',
  },
  {
    where: ['logs › GET *', 'requests › logs of one that never ran'],
    field: 'type',
    peer: 'dockerd 20.10',
    reason: 'What kind of stream a log is: dockerd says it in every API since version 23',
  },
  {
    where: 'exec › variables of links to what has ended',
    field: ['stdout', 'stderr'],
    reason: 'A linked container that has ended keeps nobody from an exec: its variables are left out',
  },
  {
    where: ['volumes › docker run --rm -v @etc:/x IMAGE ls /x', 'volumes › docker volume prune -f'],
    field: 'stdout[*',
    reason: 'dockerd puts /etc/mtab into a container’s files, from where it is copied into the volume',
  },
  {
    where: 'run › docker run --rm --ulimit nofile=10:20 *',
    field: '*',
    reason:
      'crun has the limit of open files already while it makes the container, and needs about 40; runc sets it last',
  },
  ...live,
  {
    where: '*',
    field: '*',
    peer: 'dockerd 20.10',
    changedLater: true,
    reason: 'dockerd changed it after 20.10: 26.1 does as Beluga does',
  },
];
