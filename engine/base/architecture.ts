const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** This machine's architecture by its name in Docker and OCI (GOARCH): `amd64`, `arm64`, `386`, … */
export const architecture = names[process.arch] ?? process.arch;
