import koffi from 'koffi';
import { EngineError } from '../../base/errors.ts';

/** The kernel's firewall through libnftables, in nft(8)'s own language; no program is started. */
export interface Nftables {
  /** Runs commands as one transaction: all of them or none. @throws Error with nft's words. */
  run(commands: string): void;
  /** Answer of a `list` command, libnftables-json(5): the items of `nftables`. */
  list(command: string): readonly Readonly<Record<string, unknown>>[];
  close(): void;
}

interface Library {
  open(): unknown;
  free(context: unknown): void;
  run(context: unknown, commands: string): number;
  error(context: unknown): string;
  output(context: unknown): string;
  setJson(context: unknown, flags: number): void;
}

const jsonOutput = 1 << 4;
let library: Library | undefined;

function load(): Library {
  if (library) return library;
  const file = koffi.load('libnftables.so.1');
  const make = file.func('void *nft_ctx_new(uint32_t flags)');
  const bufferError = file.func('int nft_ctx_buffer_error(void *ctx)');
  const bufferOutput = file.func('int nft_ctx_buffer_output(void *ctx)');
  library = {
    open() {
      const context = make(0);
      bufferError(context);
      bufferOutput(context);
      return context;
    },
    free: file.func('void nft_ctx_free(void *ctx)'),
    run: file.func('int nft_run_cmd_from_buffer(void *ctx, const char *commands)'),
    error: file.func('const char *nft_ctx_get_error_buffer(void *ctx)'),
    output: file.func('const char *nft_ctx_get_output_buffer(void *ctx)'),
    setJson: file.func('void nft_ctx_output_set_flags(void *ctx, unsigned int flags)'),
  };
  return library;
}

/**
 * Rules of the thread's network namespace at the time of the call.
 * @throws EngineError `unavailable` (`program.missing`) where the library is not installed.
 */
export function openNftables(): Nftables {
  let nft: Library;
  try {
    nft = load();
  } catch (cause) {
    throw new EngineError(
      'unavailable',
      'the library libnftables is not installed: install the package nftables (apt-get install nftables) and try again',
      { reason: 'program.missing', params: { program: 'nftables', package: 'nftables' }, cause },
    );
  }
  const context = nft.open();
  const run = (commands: string) => {
    const failed = nft.run(context, commands) !== 0;
    const [error, output] = [nft.error(context), nft.output(context)];
    if (failed) throw new Error(`nftables: ${error.trim()}`);
    return output;
  };
  return {
    run: (commands) => void run(commands),
    list(command) {
      nft.setJson(context, jsonOutput);
      try {
        const { nftables } = JSON.parse(run(command)) as { nftables: Record<string, unknown>[] };
        return nftables;
      } finally {
        nft.setJson(context, 0);
      }
    },
    close: () => nft.free(context),
  };
}
