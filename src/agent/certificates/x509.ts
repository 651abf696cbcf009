/** The certificate library, loaded when it is needed: only `brickyard certs` makes certificates. */
import type * as X509 from '@peculiar/x509';

type Metadata = Map<unknown, unknown>;
type MetadataApi = Partial<{
  defineMetadata: (key: unknown, value: unknown, target: object) => void;
  getOwnMetadata: (key: unknown, target: object) => unknown;
  getMetadata: (key: unknown, target: object) => unknown;
}>;

/**
 * The library's container asks for the part of the (never standardised) metadata API of Reflect that its decorators use.
 * Nothing is replaced that somebody else has put there.
 */
function provideMetadata(): void {
  const api = Reflect as MetadataApi;
  if (api.getMetadata !== undefined) {
    return;
  }
  const known = new WeakMap<object, Metadata>();
  const own = (key: unknown, target: object): unknown => known.get(target)?.get(key);
  api.defineMetadata = (key, value, target) => {
    const metadata = known.get(target) ?? new Map<unknown, unknown>();
    known.set(target, metadata.set(key, value));
  };
  api.getOwnMetadata = own;
  api.getMetadata = (key, target) => {
    for (let each: object | null = target; each !== null; each = Object.getPrototypeOf(each) as object | null) {
      const value = own(key, each);
      if (value !== undefined) {
        return value;
      }
    }
    return undefined;
  };
}

export async function loadX509(): Promise<typeof X509> {
  provideMetadata();
  return import('@peculiar/x509');
}
