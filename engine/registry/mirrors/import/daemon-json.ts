import { messageOf } from '../../../base/errors.ts';
import { type ImportDraft, importInvalid } from './import-draft.ts';
import { told } from './import-words.ts';
import { isTable, readTable, type Table } from './values.ts';

const file = 'daemon.json';
const unknownKey = told('import.unknown-key', { program: 'dockerd' });

/** Keys of dockerd that have nothing to do with registries (docs.docker.com: dockerd, "Daemon configuration file"). */
const otherKeys = new Set(
  `allow-direct-routing allow-nondistributable-artifacts api-cors-header authorization-plugins bip bip6 bridge
  bridge-accept-fwmark builder cdi-spec-dirs cgroup-parent cluster-advertise cluster-store config-file containerd
  containerd-namespace containerd-plugin-namespace cpu-rt-period cpu-rt-runtime data-root debug default-address-pools
  default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-network-opts default-runtime
  default-shm-size default-ulimits deprecated-key-path dns dns-opts dns-search exec-opts exec-root experimental features
  firewall-backend fixed-cidr fixed-cidr-v6 graph group host-gateway-ip host-gateway-ips hosts icc init init-path
  ip ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 labels live-restore log-driver
  log-format log-level log-opts max-concurrent-downloads max-concurrent-uploads max-download-attempts
  metrics-addr min-api-version mtu network-control-plane-mtu no-new-privileges node-generic-resources oom-score-adjust
  pidfile raw-logs runtimes seccomp-profile selinux-enabled shutdown-timeout storage-driver storage-opts swarm-default-advertise-addr
  tls tlscacert tlscert tlskey tlsverify userland-proxy userland-proxy-path userns-remap validate`.split(/\s+/),
);

/** dockerd's configuration file: `registry-mirrors` belong to docker.io, as there. @throws EngineError `registry.import-invalid`. */
export function readDaemonJson(text: string, draft: ImportDraft): void {
  const reader = readTable(parse(text), '', draft);
  for (const [index, mirror] of reader.texts('registry-mirrors').entries()) {
    draft.addMirror('docker.io', `registry-mirrors[${index}]`, mirror);
  }
  for (const [index, entry] of reader.texts('insecure-registries').entries()) {
    // dockerd takes an address too, and drops its scheme
    draft.addInsecure(`insecure-registries[${index}]`, entry.replace(/^https?:\/\//i, '').replace(/\/$/, ''));
  }
  const proxies = reader.table('proxies');
  if (proxies) readProxies(proxies, draft);
  for (const key of reader.rest()) {
    draft.ignore(key, otherKeys.has(key) ? told('import.dockerd-only') : unknownKey);
  }
}

function readProxies(table: Table, draft: ImportDraft): void {
  const reader = readTable(table, 'proxies.', draft);
  const address = (key: string): string => {
    const text = reader.text(key) ?? '';
    if (text === '') return '';
    const url = URL.parse(text.includes('://') ? text : `http://${text}`);
    if (url?.protocol !== 'http:') {
      draft.ignore(`proxies.${key}`, told('import.proxy-scheme'));
      return '';
    }
    if (url.username || url.password) {
      draft.ignore(`proxies.${key}`, told('import.proxy-login'));
      return '';
    }
    draft.take({ message: `${key}: http://${url.host}` });
    return `http://${url.host}`;
  };
  const [http, https] = [address('http-proxy'), address('https-proxy')];
  const except = reader.text('no-proxy') ?? '';
  for (const key of reader.rest()) draft.ignore(`proxies.${key}`, unknownKey);
  if (!http && !https) {
    if (except) draft.ignore('proxies.no-proxy', told('import.no-proxy'));
    return;
  }
  if (except) draft.take({ message: `no-proxy: ${except}` });
  draft.setProxy({ http, https, except });
}

function parse(text: string): Table {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const words = messageOf(error);
    const line = /\(line (\d+) column/.exec(words)?.[1];
    // where no place is told, the text ended too early
    const at = line === undefined ? text.trimEnd().split('\n').length : Number(line);
    throw importInvalid(file, words.replace(/ in JSON at position.*$/s, ''), at);
  }
  if (!isTable(value)) throw importInvalid(file, 'it is not a JSON object', 1);
  return value;
}
