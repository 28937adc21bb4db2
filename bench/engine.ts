import type Docker from 'dockerode';

/** A container engine as the benchmarks use it. */
export interface Engine {
  readonly name: string;
  /** Name and version, with those of what it drives. */
  readonly version: string;
  /** Its API, where it is measured by that; podman is by its own CLI. */
  readonly docker?: Docker;
  /** Processes of it whose command line does not tell: see EngineParts. */
  readonly furtherProcesses?: () => readonly number[];
  /** Starts its daemon where it has one. @returns milliseconds until the API has answered the list of all containers */
  start(): Promise<number>;
  /** Ends the daemon; its containers may end with it. */
  stop(): Promise<void>;
  /** create + start + wait + remove of `true`. */
  run(network: string): Promise<void>;
  /** Makes a container that sleeps, and starts it if `started`. @returns its id */
  add(network: string, started: boolean): Promise<string>;
  /** create + start + inspect of an exec of `true`, up to its exit code. */
  exec(id: string): Promise<void>;
  /**
   * A container writes so many bytes to its log. @returns milliseconds from its start to its end
   * @throws Error when its log, read afterwards, is not what it wrote
   */
  write(bytes: number): Promise<number>;
  /** Pulls an image from a registry on 127.0.0.1, which speaks HTTP. */
  pull(name: string): Promise<void>;
  /** Removes all containers. */
  clear(): Promise<void>;
  /** Ends everything and deletes what it has on disk. */
  close(): Promise<void>;
}

/** What every engine is given. */
export interface EngineParts {
  /** A folder of its own, for everything it writes: its name is in the command line of each of its processes. */
  readonly root: string;
  /** The sample image's archive. */
  readonly archive: string;
  /** The cgroup, relative to each hierarchy's root, below which the containers of peers are. */
  readonly cgroup: string;
}
