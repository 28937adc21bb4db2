/** JSON's null for Go's nil: Docker's clients expect it in fields for which the SDK's types know only a value. */
export const nil = null as never;

/** The list, or Go's nil where Docker has none. */
export function listOrNil(list: readonly string[] | undefined): string[] {
  return list ? [...list] : nil;
}
