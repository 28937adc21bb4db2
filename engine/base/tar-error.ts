export type TarFault = 'not-a-tar' | 'truncated' | 'unsupported';

/** Why a stream is not a tar that can be read. */
export class TarError extends Error {
  readonly fault: TarFault;
  constructor(fault: TarFault, message: string) {
    super(message);
    this.name = 'TarError';
    this.fault = fault;
  }
}
