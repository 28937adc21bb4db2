import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { dockerArchive, sampleArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { compareContainer, compareEvents, compareHost, get, readEvents, readShown, type Shown } from './compare.ts';
import type { KnownContainer } from './known-container.ts';
import { compareImages, newImages, type ShownImage, settleImages } from './known-images.ts';
import {
  type CountedVolume,
  compareVolumes,
  imageFiles,
  newVolumes,
  type ShownVolume,
  settleVolumes,
  volumeTarget,
} from './known-volumes.ts';
import { lookAtHost } from './look-at-host.ts';
import { operate, portCount } from './operations.ts';
import { type Random, randomOf } from './random.ts';
import type { Field } from './step.ts';

const clients = 4;

export interface CrashFigures {
  kills: number;
  /** That clients sent. */
  requests: number;
  containers: number;
  /** Kills while the engine was starting. */
  whileStarting: number;
}

export interface CrashDriver extends AsyncDisposable {
  /** Clients work, the engine is killed, the next one is compared with the kernel and the disk. */
  round(): Promise<void>;
  readonly figures: CrashFigures;
}

interface Driver {
  engine: TestEngine;
  field: Field;
  random: Random;
  figures: CrashFigures;
  instance: string;
  topOfDataRoot: readonly string[];
  began: number;
  seed: number;
}

const volumeImage = 'crash/volume:1';

async function imageWithVolume(): Promise<Buffer> {
  const name = volumeTarget.slice(1);
  const files = imageFiles.map((file) => ({ name: `${name}/${file}`, content: file }));
  const layers = [await sampleLayer(), await tarOf([{ name, type: 'directory' }, ...files])];
  return dockerArchive({ name: volumeImage, layers, config: { Volumes: { [volumeTarget]: {} } } });
}

/** @param seed repeats what each client asks for; when the engine dies among it is as near as a clock allows */
export async function openCrashDriver(seed: number): Promise<CrashDriver> {
  const notes: string[] = [];
  const random = randomOf(seed);
  const began = Math.floor(Date.now() / 1000) - 1;
  const engine = await startEngine();
  const diaries = path.join(engine.folders.root, 'diaries');
  const figures = { kills: 0, requests: 0, containers: 0, whileStarting: 0 };
  try {
    mkdirSync(diaries);
    await engine.docker('load', '-i', sampleArchive());
    const { instance } = await engine.version();
    await engine.docker.run(['load'], { input: await imageWithVolume() });
    await engine.docker('run', '--rm', volumeImage, 'true');
    const field: Field = {
      socket: engine.folders.socket,
      baseImages: [sampleImage, volumeImage],
      diaries,
      firstPort: 20_000 + (process.pid % 100) * portCount,
      ...{ containers: new Map(), volumes: newVolumes(), images: newImages(), pruned: new Set(), made: 0 },
      note: (line) => {
        if (line.includes('…')) figures.requests += 1;
        notes.push(`${((performance.now() % 1e6) / 1000).toFixed(3)} ${line}`);
        if (notes.length > 400) notes.shift();
      },
    };
    const topOfDataRoot = readdirSync(engine.folders.dataRoot);
    const driver = { engine, field, random, figures, instance, topOfDataRoot, began, seed };
    let broken = false;
    return {
      figures,
      async round() {
        if (broken) throw new Error(`seed ${seed}: an earlier round has failed`);
        try {
          await playRound(driver);
        } catch (error) {
          broken = true;
          const tail = engine.log().split('\n').slice(-60).join('\n');
          throw new Error(
            `seed ${seed}, after ${figures.kills} kills: ${error instanceof Error ? error.message : error}\nlast operations:\n${notes.slice(-150).join('\n')}\nthe engine's log:\n${tail}`,
            { cause: error },
          );
        }
      },
      [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function playRound(driver: Driver): Promise<void> {
  const { engine, field, random, figures } = driver;
  let stopped = false;
  // counted, not timed: a slow machine has as much under way
  const enough = figures.requests + 4 + random.below(40);
  const work = Array.from({ length: clients }, async (_, client) => {
    const own = randomOf(driver.seed, figures.kills, client);
    while (!stopped) {
      await operate(field, own, `client ${client}`);
    }
  });
  const all = Promise.all(work);
  // a client that finds something wrong ends the round
  const failed = all.then(() => {});
  failed.catch(() => {
    stopped = true;
  });
  while (figures.requests < enough) await Promise.race([sleep(1), failed]);
  await sleep(random() * 40);
  field.note('SIGKILL');
  stopped = true;
  await engine.kill('SIGKILL');
  figures.kills += 1;
  await all;
  while (random.chance(0.2)) {
    const after = Math.floor(random() * 500);
    field.note(`SIGKILL ${after} ms after its start`);
    await engine.dieWhileStarting(after);
    figures.kills += 1;
    figures.whileStarting += 1;
  }
  await engine.restart();
  figures.containers = field.made;
  let wrong: string[] = ['not looked yet'];
  await waitUntil('engine, kernel and disk agree', async () => {
    wrong = await compareAll(driver);
    return wrong.length === 0;
  }).catch(() => {
    throw new Error(wrong.join('\n'));
  });
}

/** Without what goes on by itself. */
const still = (shown: readonly Shown[]) =>
  JSON.stringify(shown.map(({ State: { Health: _, ...State }, ...rest }) => ({ ...rest, State })));

/** What the engine shows, twice the same, with what the host had in between. */
async function lookAtAll({ engine, field, instance, topOfDataRoot }: Driver) {
  const portRange = [field.firstPort, field.firstPort + portCount - 1] as const;
  const before = await readShown(field.socket);
  const host = lookAtHost({ folders: engine.folders, pid: engine.pid, instance, portRange, topOfDataRoot });
  const shown = await readShown(field.socket);
  return { shown, host, isStill: still(before) === still(shown) };
}

async function compareAll(driver: Driver): Promise<string[]> {
  const { engine, field } = driver;
  const { shown, host, isStill } = await lookAtAll(driver);
  if (!isStill) return ['it does not come to rest'];
  const listed = await get<{ Volumes: ShownVolume[] }>(field.socket, '/volumes');
  const usage = await get<{ Volumes: CountedVolume[] }>(field.socket, '/system/df?type=volume');
  const images = (await get<ShownImage[]>(field.socket, '/images/json?all=1')) ?? [];
  const volumes = {
    ...{ shown: listed?.Volumes ?? [], counted: usage?.Volumes ?? [], containers: shown },
    ...{ known: field.volumes, knownContainers: field.containers },
    ...{ diaries: field.diaries, folder: path.join(engine.folders.dataRoot, 'volumes') },
  };
  const wrong = [
    ...compareHost(shown, host),
    ...(await compareContainers(driver, shown)),
    ...compareImages(images, field.images),
    ...compareVolumes(volumes),
  ];
  if (wrong.length > 0) return wrong;
  const there = new Set(shown.map(({ Id }) => Id));
  for (const known of field.containers.values()) {
    known.unseen.clear();
    if (!known.id || !there.has(known.id)) field.containers.delete(known.key);
  }
  settleImages(images, field.images);
  settleVolumes(volumes);
  return [];
}

async function compareContainers({ field, began }: Driver, shown: readonly Shown[]): Promise<string[]> {
  const wrong: string[] = [];
  const keyOf = ({ Config }: Shown) => Config.Labels['crash.key'] ?? '';
  const byKey = new Map(shown.map((container) => [keyOf(container), container]));
  for (const known of field.containers.values()) {
    const container = byKey.get(known.key);
    if (container) adopt(known, container, field);
    wrong.push(...missingOrTooMuch(known, container).map((words) => `${known.key} ${words}`));
  }
  const events = await readEvents(field.socket, began);
  for (const [id, told] of events) {
    const key = told[0]?.Actor.Attributes['crash.key'];
    if (!key) continue;
    const container = shown.find(({ Id }) => Id === id);
    wrong.push(...compareEvents(told, container).map((words) => `${key} ${words}`));
  }
  for (const container of shown) {
    const known = field.containers.get(keyOf(container));
    if (!known) {
      wrong.push(`${container.Id} was asked for by nobody`);
      continue;
    }
    const told = events.get(container.Id) ?? [];
    const words = await compareContainer(field, { known, shown: container, events: told });
    wrong.push(...words.map((word) => `${known.key} ${word}`));
  }
  return wrong;
}

/** One that is there, perhaps though nobody was told: it has what its image was given. */
function adopt(known: KnownContainer, { Id, Image }: Shown, { images }: Field): void {
  known.id = Id;
  for (const [file, content] of images.copied.get(Image) ?? [])
    if (!known.copied.has(file)) {
      known.copied.set(file, content);
      known.unseen.add(file);
    }
}

function missingOrTooMuch(known: KnownContainer, container: Shown | undefined): string[] {
  if (container) return known.removal === 'promised' ? ['was removed, and is still there'] : [];
  if (!known.promised || known.removal !== 'not-asked') return [];
  return known.autoRemove && known.mayHaveStarted ? [] : ['is lost'];
}
