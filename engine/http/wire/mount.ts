import type { HostConfig, MountPoint as WireMountPoint } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import type { MountPoint, RequestedMount } from '../../services/containers/container-service.ts';
import { type ApiVersion, isAtLeast } from '../api-version.ts';

type WireMount = NonNullable<HostConfig['Mounts']>[number];

/** Keeps the properties that have a value. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}

const map = <T, R>(value: T | undefined, to: (value: T) => R): R | undefined => (value ? to(value) : undefined);

/** HostConfig.Mounts. @throws EngineError `invalid` for what the client's version of the API does not have */
export function mountsFromWire(mounts: readonly WireMount[], version: ApiVersion): RequestedMount[] {
  return mounts.map((mount) => {
    const bind = mount.BindOptions;
    if (bind?.ReadOnlyForceRecursive && !isAtLeast(version, [1, 44])) {
      throw new EngineError('invalid', 'BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer');
    }
    return {
      type: mount.Type ?? '',
      target: mount.Target ?? '',
      readOnly: mount.ReadOnly ?? false,
      ...defined({
        source: mount.Source || undefined,
        consistency: mount.Consistency || undefined,
        bind: map(bind, (one) =>
          defined({
            propagation: one.Propagation || undefined,
            nonRecursive: one.NonRecursive,
            createMountpoint: one.CreateMountpoint,
            readOnlyNonRecursive: one.ReadOnlyNonRecursive,
            readOnlyForceRecursive: one.ReadOnlyForceRecursive,
          }),
        ),
        volume: map(mount.VolumeOptions, (one) =>
          defined({
            noCopy: one.NoCopy,
            labels: one.Labels,
            subpath: one.Subpath || undefined,
            driver: map(one.DriverConfig, ({ Name, Options }) => defined({ name: Name, options: Options })),
          }),
        ),
        tmpfs: map(mount.TmpfsOptions, (one) =>
          defined({ sizeBytes: one.SizeBytes, mode: one.Mode, options: one.Options }),
        ),
        image: map(mount.ImageOptions, ({ Subpath }) => defined({ subpath: Subpath || undefined })),
      }),
    };
  });
}

/** HostConfig.Mounts as the client gave them. */
export function requestedMountsToWire(mounts: readonly RequestedMount[]): WireMount[] {
  return mounts.map((mount) => ({
    Type: mount.type as 'bind',
    ...defined({ Source: mount.source }),
    Target: mount.target,
    ...(mount.readOnly && { ReadOnly: true }),
    ...defined({
      Consistency: mount.consistency,
      BindOptions: map(mount.bind, (one) =>
        defined({
          Propagation: one.propagation as 'rprivate' | undefined,
          NonRecursive: one.nonRecursive || undefined,
          CreateMountpoint: one.createMountpoint || undefined,
          ReadOnlyNonRecursive: one.readOnlyNonRecursive || undefined,
          ReadOnlyForceRecursive: one.readOnlyForceRecursive || undefined,
        }),
      ),
      VolumeOptions: map(mount.volume, (one) =>
        defined({
          NoCopy: one.noCopy || undefined,
          Labels: one.labels && { ...one.labels },
          Subpath: one.subpath,
          DriverConfig: map(one.driver, ({ name, options }) =>
            defined({ Name: name || undefined, Options: options && { ...options } }),
          ),
        }),
      ),
      TmpfsOptions: map(mount.tmpfs, (one) =>
        defined({
          SizeBytes: one.sizeBytes || undefined,
          Mode: one.mode || undefined,
          Options: one.options?.map((pair) => [...pair]),
        }),
      ),
      ImageOptions: map(mount.image, ({ subpath }) => defined({ Subpath: subpath })),
    }),
  }));
}

/** `Mounts` of a container. */
export function mountPointsToWire(mounts: readonly MountPoint[]): WireMountPoint[] {
  return mounts.map(({ type, name, source, target, driver, mode, readOnly, propagation }) => ({
    Type: type,
    ...(name !== undefined && { Name: name }),
    Source: source,
    Destination: target,
    ...(driver !== undefined && { Driver: driver }),
    Mode: mode,
    RW: !readOnly,
    Propagation: propagation,
  }));
}
