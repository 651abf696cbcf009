/** The certificate library, loaded when it is needed: only `brickyard certs` makes certificates. */
import type * as X509 from '@peculiar/x509';

export async function loadX509(): Promise<typeof X509> {
  // The library's container wants the metadata API of Reflect, and it has to be there first.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
