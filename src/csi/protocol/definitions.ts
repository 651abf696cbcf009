/** The services of proto/, as the gRPC library wants them. Messages are plain objects with the names of the wire. */
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** The folder lies three levels above this file both in `src/` and in `dist/`. */
const read = (file: string): PackageDefinition =>
  loadSync(fileURLToPath(new URL(`../../../proto/${file}`, import.meta.url)), {
    keepCase: true,
    // Numbers of 64 bits as text: JavaScript's own are exact up to 2^53 only.
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });

function service(loaded: PackageDefinition, name: string): ServiceDefinition {
  const found = loaded[name];
  if (found === undefined || 'format' in found) {
    throw new TypeError(`expected a service ${name} in proto/`);
  }
  return found;
}

const csi = read('csi.proto');

export const definitions = {
  identity: service(csi, 'csi.v1.Identity'),
  node: service(csi, 'csi.v1.Node'),
  registration: service(read('registration.proto'), 'pluginregistration.Registration'),
} as const;
