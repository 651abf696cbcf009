/** What the contract puts into a store. */
import * as fc from 'fast-check';
import {
  brickIdFor,
  clusterId,
  deviceName,
  hostName,
  nodeId,
  volumeId,
  volumeNameFor,
} from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { ClusterRecord, NodeRecord } from '../../../src/domain/topology.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import type { DocumentKind, StoredDocument } from '../../../src/engine/ports.ts';

export interface Documents {
  readonly arbitrary: fc.Arbitrary<StoredDocument>;
  /** A document of its own for each kind and label; its versions differ. */
  readonly document: (kind: DocumentKind, label: string, version: number) => StoredDocument;
}

const documentKind = fc.constantFrom<DocumentKind>('meta', 'cluster', 'node', 'volume');
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
// Lone surrogates are no text: they cannot come out of JSON that was read as UTF-8.
const isText = ({ id, body }: StoredDocument): boolean => (id + JSON.stringify(body)).isWellFormed();

/** For stores that take any JSON under any id. */
export const anyJson: Documents = {
  arbitrary: fc.record({ kind: documentKind, id: fc.string({ minLength: 1 }), body: json }).filter(isText),
  document: (kind, label, version) => {
    const odd = { [`only in ${version}`]: [[{ deep: null }]], size: 2 ** 53 - version };
    return { kind, id: label, body: odd };
  },
};

/** A volume's id from any text. */
export function volumeIdOf(label: string): VolumeRecord['id'] {
  const digits = Buffer.from(label).toString('hex').slice(0, 12).padStart(12, '0');
  return volumeId(`00000000-0000-4000-8000-${digits}`);
}

export function volumeOf(label: string, version: number): VolumeRecord {
  const id = volumeIdOf(label);
  return {
    id,
    name: volumeNameFor(id),
    cluster: clusterId('c'),
    phase: version % 2 === 0 ? 'creating' : 'ready',
    size: bytes(version * GiB),
    durability: { kind: 'replicate', count: 3 },
    options: [{ key: 'features.shard', value: 'on' }],
    ...(version % 3 === 0 ? {} : { gid: 40_000 + version }),
    snapshotFactor: 1 + version / 4,
    owner: { uid: id, namespace: 'default', name: `claim-${label}`, className: 'brickyard' },
    brickSets: [
      [0, 1, 2].map((position) => ({
        id: brickIdFor(id, 0, position),
        node: nodeId(`n${position}`),
        device: deviceName('/dev/vdb'),
        size: bytes(version * GiB),
        footprint: bytes(version * GiB + 4096),
        arbiter: false,
        ...(version % 2 === 0 ? {} : { path: `/var/lib/brickyard/${id}/${position}/brick` }),
      })),
    ],
    createdAt: '2026-01-02T03:04:05.678Z',
  };
}

export function nodeOf(id: string, version: number): NodeRecord {
  return {
    id: nodeId(id),
    cluster: clusterId('c'),
    zone: `zone-${version}`,
    manage: hostName(`${id}.example.test`),
    storage: hostName('192.0.2.7'),
    state: version % 2 === 0 ? 'offline' : 'online',
    tags: version % 3 === 0 ? {} : { [`tag.${version}`]: `value-${version}` },
    devices: Array.from({ length: version % 4 }, (_each, index) => ({
      name: deviceName(`/dev/vd${'bcdefgh'[index] ?? 'z'}`),
      state: 'online' as const,
      tags: {},
      ...(index % 2 === 0 ? { size: bytes((version + index) * GiB) } : {}),
      reserved: bytes(index),
      wipe: index % 2 === 1,
    })),
  };
}

const clusterOf = (label: string): ClusterRecord => ({ id: clusterId(`c-${label}`) });

const label = fc.stringMatching(/^[a-z0-9]{1,6}$/);
const version = fc.integer({ min: 1, max: 50 });

/** For stores whose medium takes legal records only; a fact about the store may still be any JSON. */
export const records: Documents = {
  document: (kind, name, number) => {
    switch (kind) {
      case 'meta':
        return { kind, id: name, body: { number } };
      case 'cluster':
        return { kind, id: clusterOf(name).id, body: clusterOf(name) };
      case 'node':
        return { kind, id: `node-${name}`, body: nodeOf(`node-${name}`, number) };
      case 'volume':
        return { kind, id: volumeIdOf(name), body: volumeOf(name, number) };
    }
  },
  arbitrary: fc
    .tuple(documentKind, label, version, json)
    .map(([kind, name, number, body]) =>
      kind === 'meta' ? { kind, id: name, body } : records.document(kind, name, number),
    )
    .filter(isText),
};
