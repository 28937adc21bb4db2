import * as z from 'zod';
import type { Warning } from './failure.ts';
import { call } from './shapes.ts';

/** As the engine's `RegistrySettings`, which explains them. */
export interface RegistrySettings {
  readonly rules: readonly RegistryRule[];
  readonly insecure: readonly string[];
  readonly hosts: Readonly<Record<string, HostSettings>>;
  readonly proxy?: { readonly http: string; readonly https: string; readonly except: string } | undefined;
  readonly limits?: Readonly<Record<string, number>> | undefined;
}

export interface RegistryRule {
  /** A registry, or a repository or part of one: `docker.io`, `ghcr.io/acme`. */
  readonly prefix: string;
  readonly mirrors: readonly MirrorSetting[];
  /** `auto`: the fastest healthy one first. */
  readonly order: 'fixed' | 'auto';
  /** Never ask the registry itself. */
  readonly mirrorOnly: boolean;
  /** What stands for the registry itself. */
  readonly upstream?: string | undefined;
}

export interface MirrorSetting {
  /** `https://mirror.example[:port][/project]` */
  readonly url: string;
  readonly name?: string | undefined;
  /** Kept, and not asked. */
  readonly off?: boolean | undefined;
}

export interface HostSettings {
  /** PEM. */
  readonly ca?: string | undefined;
  readonly proxy?: 'none' | { readonly url: string } | undefined;
}

type Params = Readonly<Record<string, string | number>>;

/** What the engine remembers of a mirror or registry; times in milliseconds since the epoch. */
export interface EndpointHealth {
  /** `https://mirror.example/project` */
  readonly endpoint: string;
  /** In a row. */
  readonly failures: number;
  readonly lastFailure?: {
    readonly at: number;
    readonly reason: string;
    readonly params: Params;
    readonly message: string;
  };
  readonly lastSuccess?: number;
  /** Milliseconds until the answer begins. */
  readonly latency?: number;
  /** Bytes per second. */
  readonly speed?: number;
  readonly sickUntil?: number;
  /** Blobs that it was asked for, and that it gave. */
  readonly asked: number;
  readonly served: number;
}

export interface TestStep {
  readonly state: 'fine' | 'warning' | 'failed';
  readonly error?: { readonly message: string; readonly reason?: string; readonly params?: Params };
}

/** What a look at a mirror found; a step that could not be reached is left out. */
export interface MirrorTest {
  readonly url: string;
  /** Milliseconds. */
  readonly took: number;
  readonly reach: TestStep & {
    readonly latency?: number;
    /** `TLSv1.3`; absent in plain HTTP. */
    readonly tls?: string;
    readonly certificateUntil?: number;
  };
  readonly access?: TestStep & { readonly login: 'none-needed' | 'sent' | 'missing' };
  readonly speed?: TestStep & {
    readonly bytesPerSecond?: number;
    /** Of the other mirrors. */
    readonly median?: number;
  };
  readonly freshness?: TestStep & {
    /** The tag that was compared. */
    readonly image: string;
    readonly tag?: 'same' | 'older' | 'different' | 'unknown';
    /** Milliseconds between its image's creation and the registry's. */
    readonly behind?: number;
  };
}

export type ImportFormat = 'daemon.json' | 'hosts.toml' | 'registries.conf';

/** Another program's configuration, read. */
export interface Imported {
  /** Today's settings with the file's put in. */
  readonly settings: RegistrySettings;
  readonly taken: readonly Warning[];
  readonly ignored: readonly { readonly key: string; readonly why: Warning }[];
}

/** A login as the page may know it: everything but the secret. */
export interface LoginLine {
  /** `docker.io`, `registry.example:5000`. */
  readonly host: string;
  /** Absent where only a helper of the docker CLI knows it. */
  readonly username?: string;
  readonly from: 'beluga' | 'docker-cli';
}

export interface LoginFacts {
  readonly logins: readonly LoginLine[];
  /** Registries whose login is kept and cannot be read: the keychain is locked, or another one. */
  readonly unreadable: readonly string[];
  /** Programs of the docker CLI that are configured and cannot be used. */
  readonly helperProblems: readonly { readonly helper: string; readonly kind: 'missing' | 'failed' | 'late' }[];
  /** Where logins stay: guarded by the system, in a file that is hardly protected, or until the app ends. */
  readonly keeping: 'keychain' | 'weak' | 'session';
  /** The user may agree to `weak`. */
  readonly weakPossible: boolean;
}

/** What is set for registries, what is known of them, and who is signed in. */
export interface Registries extends LoginFacts {
  readonly settings: RegistrySettings;
  /** From the engine's flags and its configuration file: asked behind the rule of docker.io; not changed here. */
  readonly fixed: { readonly mirrors: readonly string[]; readonly insecure: readonly string[] };
  readonly health: readonly EndpointHealth[];
}

const line = z.string().max(4096);
const settings = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        prefix: line.min(1),
        mirrors: z
          .array(z.strictObject({ url: line.min(1), name: line.optional(), off: z.boolean().optional() }))
          .max(200)
          .readonly(),
        order: z.enum(['fixed', 'auto']),
        mirrorOnly: z.boolean(),
        upstream: line.optional(),
      }),
    )
    .max(500)
    .readonly(),
  insecure: z.array(line).max(1000).readonly(),
  hosts: z
    .record(
      line,
      z.strictObject({
        ca: z.string().max(1_000_000).optional(),
        proxy: z.union([z.literal('none'), z.strictObject({ url: line })]).optional(),
      }),
    )
    .readonly(),
  proxy: z.strictObject({ http: line, https: line, except: line }).optional(),
  limits: z.record(line, z.number()).readonly().optional(),
});
/** `host` or `host:port`. */
const host = z.string().regex(/^[a-zA-Z0-9.[\]:_-]+$/);

export const registryMethods = {
  /** Empty: the host has no words for it (a dockerd). */
  'registries.read': call(z.undefined()).gives<{ readonly registries?: Registries }>(),
  /** Applies at once; what is then set. */
  'registries.apply': call(settings).gives<Registries>(),
  'registries.test': call(z.strictObject({ url: line.min(1), prefix: line.min(1) })).gives<MirrorTest>(),
  /** Reads another program's configuration; nothing is changed. */
  'registries.import': call(
    z.strictObject({
      format: z.enum(['daemon.json', 'hosts.toml', 'registries.conf']),
      text: z.string().max(1_000_000),
      registry: line.optional(),
    }),
  ).gives<Imported>(),
  /** Asks for a text file by the system's dialog; of certificates only the certificates come back, never a key. */
  'registries.chooseFile': call(
    z.strictObject({ what: z.enum(['certificates', 'configuration']) }),
  ).gives<ChosenFile>(),
  /** The registry checks it first. The password goes to main, and never comes back. */
  'registries.signIn': call(
    z.strictObject({ host, username: line.min(1), password: z.string().min(1).max(65_536) }),
  ).gives<LoginFacts>(),
  /** Forgets what was given to the app. */
  'registries.signOut': call(z.strictObject({ host })).gives<LoginFacts>(),
  /** Whether logins may be kept where only `weak` protection is. */
  'registries.keepWeakly': call(z.strictObject({ agreed: z.boolean() })).gives<LoginFacts>(),
} as const;

/** A file that the user chose. `problem`: it was not taken. */
export type ChosenFile =
  | { readonly name?: undefined }
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly problem: 'too-large' | 'unreadable' | 'no-certificate' };
