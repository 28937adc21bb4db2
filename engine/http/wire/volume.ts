import type { VolumeCreateOptions, Volume as WireVolume } from '@docker/node-sdk';
import type { CreateVolume, PruneVolumes, Volume } from '../../services/volumes/volume-service.ts';
import { type ApiVersion, isAtLeast } from '../api-version.ts';
import { nil } from './nil.ts';
import { booleanFilter, type Filters, parseFilters } from './query.ts';

type Labels = Readonly<Record<string, string>>;

/** Seconds are enough for Docker here. */
const timeOf = (time: Date) => time.toISOString().replace(/\.\d+Z$/, 'Z');

/** Go writes a map in the order of its keys. */
const sorted = (map: Labels) => Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

export function volumeToWire({ name, mountpoint, createdAt, labels, options }: Volume): WireVolume {
  return {
    CreatedAt: timeOf(createdAt),
    Driver: 'local',
    Labels: labels ? sorted(labels) : nil,
    Mountpoint: mountpoint,
    Name: name,
    Options: options ? sorted(options) : nil,
    Scope: 'local',
  };
}

/** A line of `Volumes` in GET /system/df. */
export function volumeUsageToWire({ volume, bytes }: { volume: Volume; bytes: number }): WireVolume {
  return { ...volumeToWire(volume), UsageData: { Size: bytes, RefCount: volume.users.length } };
}

/** POST /volumes/create */
export function createVolumeFromWire({ Name, Driver, Labels, DriverOpts }: VolumeCreateOptions): CreateVolume {
  return {
    ...(Name && { name: Name }),
    ...(Driver && { driver: Driver }),
    ...(Labels && { labels: Labels }),
    ...(DriverOpts && { options: DriverOpts }),
  };
}

const listFilters = ['dangling', 'driver', 'label', 'name'];
const pruneFilters = ['all', 'label', 'label!'];

function hasLabel(labels: Labels, label: string): boolean {
  const cut = label.indexOf('=');
  if (cut < 0) return Object.hasOwn(labels, label);
  const key = label.slice(0, cut);
  return Object.hasOwn(labels, key) && labels[key] === label.slice(cut + 1);
}

/** As a pattern where it is one (moby, `filters.Match`). */
function nameMatches(pattern: string): (name: string) => boolean {
  try {
    const expression = new RegExp(pattern);
    return (name) => expression.test(name);
  } catch {
    return (name) => name.includes(pattern);
  }
}

/** `filters` of GET /volumes. @throws EngineError `invalid` (`request.invalid`) in Docker's words. */
export function volumeFilter(query: URLSearchParams): (volume: Volume) => boolean {
  const filters = parseFilters(query, listFilters);
  const dangling = booleanFilter(filters, 'dangling');
  const names = filters.name?.map(nameMatches);
  return ({ name, labels = {}, users }) =>
    (dangling === undefined || dangling === (users.length === 0)) &&
    (filters.driver?.includes('local') ?? true) &&
    (filters.label?.every((label) => hasLabel(labels, label)) ?? true) &&
    (names?.some((matches) => matches(name)) ?? true);
}

/**
 * `filters` of POST /volumes/prune; before API 1.42 all volumes are meant, since then those without a name.
 * @throws EngineError `invalid` (`request.invalid`) in Docker's words.
 */
export function pruneVolumesFromWire(query: URLSearchParams, version: ApiVersion): PruneVolumes {
  const filters: Filters = parseFilters(query, pruneFilters);
  const all = booleanFilter(filters, 'all') ?? false;
  return {
    all: all || !isAtLeast(version, [1, 42]),
    passes: (labels) =>
      (filters.label?.every((label) => hasLabel(labels, label)) ?? true) &&
      !(filters['label!']?.some((label) => hasLabel(labels, label)) ?? false),
  };
}
