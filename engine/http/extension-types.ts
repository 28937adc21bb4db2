import type { BuildRun, BuildRunDetail, StoredLine } from '../services/build-runs/build-run-service.ts';
import type { ContainerFailure, ContainerWarning } from '../services/containers/container-service.ts';
import type { PortAnswer } from '../services/networks/port-service.ts';
import type { EndpointHealth, MirrorTest, RegistrySettings } from '../services/registries/registry-service.ts';
import type { EngineFacts, Probe } from '../services/system/system-service.ts';
import type { Transfer } from '../services/transfers/transfer-service.ts';

/** Answers of the routes under `/beluga/`, which Docker's API has no words for. */

/** GET /beluga/version */
export interface BelugaVersion {
  version: string;
  apiVersion: string;
  instance: string;
  rootful: boolean;
  dataRoot: string;
  runRoot: string;
  snapshotter: EngineFacts['snapshotter'];
  runtime: { name: string; version: string };
  cgroupVersion: 1 | 2;
  warnings: readonly string[];
}

/** GET /beluga/doctor */
export interface BelugaDoctor {
  probes: readonly Probe[];
}

/** POST /beluga/reload: keys of the configuration file that count anew now, and those that do after the next start. */
export interface BelugaReloaded {
  changed: readonly string[];
  needRestart: readonly string[];
}

/** GET /beluga/ports?port=8080/tcp&port=127.0.0.1:53/udp: who has them, in the order asked. */
export interface BelugaPorts {
  ports: readonly PortAnswer[];
}

/** POST /containers/create: Docker's answer, and its warnings with what the app translates by. */
export interface BelugaCreated {
  Id: string;
  Warnings: readonly string[];
  BelugaWarnings: readonly ContainerWarning[];
}

/** GET /containers/ID/json: a field of `State` beside Docker's, which tells what its `Error` is translated by. */
export interface BelugaState {
  BelugaFailure?: ContainerFailure;
}

/** POST /containers/ID/exec: a field beside Docker's, for execs with Tty and AttachStdin. */
export interface BelugaExecConfig {
  /** The end of the client's input hangs up, as closing a terminal window does; no keys detach. */
  BelugaHangUp?: boolean;
}

/** POST /containers/ID/exec: Docker's answer, and the field again where the engine knows it. */
export interface BelugaExecCreated {
  Id: string;
  BelugaHangUp?: true;
}

/** GET and PUT /beluga/registries; PUT takes RegistrySettings, applies them at once and answers with this. */
export interface BelugaRegistries {
  settings: RegistrySettings;
  /** From the engine's flags and its configuration file: asked behind the rule of docker.io; not changed here. */
  fixed: { mirrors: readonly string[]; insecure: readonly string[] };
  /** Of every endpoint that was ever asked. */
  health: readonly EndpointHealth[];
  /** Logins that the engine was handed, in memory only. */
  logins: readonly { host: string; username: string }[];
}

/** POST /beluga/registries/test */
export interface BelugaMirrorQuestion {
  /** As in a rule. */
  url: string;
  /** The prefix of the rule that it belongs to; a known tag of it is compared with the registry itself. */
  prefix: string;
}

/** Answer of POST /beluga/registries/test. */
export type BelugaMirrorTest = MirrorTest;

/** POST /beluga/registries/import: a configuration of another program, read; nothing is changed. */
export interface BelugaImportQuestion {
  format: 'daemon.json' | 'hosts.toml' | 'registries.conf';
  text: string;
  /** The registry that a hosts.toml stands for, the name of its folder: `docker.io`. */
  registry?: string;
}

/** A sentence: `message` in English, the rest for translating it. */
export interface BelugaTold {
  message: string;
  reason?: string;
  params?: Readonly<Record<string, string | number>>;
}

/** Answer of POST /beluga/registries/import. */
export interface BelugaImported {
  /** Today's settings with the file's put in, to be sent by PUT. */
  settings: RegistrySettings;
  /** What was taken, in the order of the file: `docker.io: https://mirror.example`. */
  taken: readonly BelugaTold[];
  /** What was not, and why. */
  ignored: readonly { key: string; why: BelugaTold }[];
}

/** PUT /beluga/logins/HOST: kept in memory until DELETE or the engine's end, for exactly this host. 204. */
export interface BelugaLogin {
  username: string;
  password: string;
  identityToken?: string;
}

/**
 * GET /beluga/transfers; with `follow=1` a line of this at once and after each change, at most 5 a second. Newest first;
 * ended ones are kept for a while.
 */
export interface BelugaTransfers {
  transfers: readonly Transfer[];
}

/**
 * POST /beluga/transfers begins a pull that goes on without its client (201, `{ id }`); a login for the registry may come in
 * X-Registry-Auth. POST /beluga/transfers/ID/pause and /resume (204), DELETE /beluga/transfers/ID cancels or forgets (204).
 */
export interface BelugaTransferRequest {
  /** Image reference. */
  reference: string;
  platform?: string;
}

/**
 * GET /beluga/builds; with `follow=1` a line of this at once and after each change, at most 5 a second. Newest first, also
 * those of other clients and of engines before this one; the last 100 are kept.
 */
export interface BelugaBuilds {
  builds: readonly BuildRun[];
}

/**
 * GET /beluga/builds/ID; with `follow=1` in the same way until it has ended. POST /beluga/builds/ID/cancel (204) ends one that
 * runs, DELETE /beluga/builds/ID (204) forgets one that has ended. A client of POST /build chooses the id by its header
 * X-Beluga-Build: 16 hex digits.
 */
export type BelugaBuild = BuildRunDetail;

/**
 * PUT /beluga/builds/ID/secrets (204): what `RUN --mount=type=secret` of the build finds that is asked for by that id within a
 * minute. They stay in memory and go with the build.
 */
export interface BelugaBuildSecrets {
  /** Base64 by id; 500 KiB each at most. */
  secrets: Readonly<Record<string, string>>;
}

/** GET /beluga/builds/ID/steps/NUMBER/log: a line of this for each line of its output, until the step has ended. */
export type BelugaBuildLine = StoredLine;

/**
 * POST /beluga/builds/ID/steps/NUMBER/image (201): an image without a name of the files that a step that failed began with. It goes
 * with the last container of it.
 */
export interface BelugaStepImage {
  imageId: string;
}

/** GET /beluga/names?text=post: names of repositories that go on so, from the registries that can be searched. */
export interface BelugaNames {
  names: readonly { registry: string; name: string; official?: boolean; description?: string }[];
  /** Registries that cannot be searched, and why. */
  unsearchable: readonly { registry: string; message: string }[];
}

/** GET /beluga/tags?name=postgres: its tags, asked as a pull would ask; X-Registry-Auth may hold a login. */
export interface BelugaTags {
  tags: readonly string[];
  endpoint: string;
}

/** GET /images/json and GET /images/NAME/json: a field beside Docker's. */
export interface BelugaImage {
  /** Tags of which a mirror alone said what they mean: the registry itself could not be asked. */
  BelugaUnverified?: readonly string[];
}

/** GET /beluga/disk: bytes that are allocated on the disk, as `du --block-size=1` counts them. */
export interface BelugaDisk {
  /** Unpacked layers of images. */
  layers: number;
  /** Layers as they came, manifests, configs. */
  blobs: number;
  /** Of pulls that were interrupted. */
  partial: number;
  /** What containers have written. */
  containers: number;
  logs: number;
}

/** GET /beluga/images/prune?filters=…: what POST /images/prune with the same filters would remove, and free. */
export interface BelugaPrunePreview {
  images: readonly { id: string; tags: readonly string[] }[];
  /** Bytes that are then free on the disk, within 1%. */
  freed: number;
}

/** Body of every error: Docker's `message`, and what the app translates by. */
export interface ErrorBody {
  message: string;
  code: string;
  reason?: string;
  params?: Readonly<Record<string, string | number>>;
}
