/** From stored documents to records and back. What cannot be read is set aside, and stops nothing else. */
import { z } from 'zod';
import { brickId, deviceName, nodeId } from '../domain/names.ts';
import type { BrickLoad } from '../domain/placement/pool.ts';
import { branded, byteSize, describeIssues } from '../domain/schema.ts';
import { clusterRecord, nodeRecord, type ClusterRecord, type NodeRecord } from '../domain/topology.ts';
import { volumeRecord, type VolumeRecord } from '../domain/volume.ts';
import type { QuarantinedDocument } from './api.ts';
import { StoreError, type StoredDocument } from './ports.ts';

/** The meaning of the documents that this version writes. A store of a higher one is refused. */
const schemaVersion = 1;

const metaId = 'store';
const metaBody = z.object({ schema: z.int().min(1), realm: z.string().min(1) });

/** A document that no parser reads, and what it can be seen to hold all the same. */
export interface Quarantined extends QuarantinedDocument {
  /** Bricks whose place is legible: their space is not given to others. */
  readonly bricks: readonly BrickLoad[];
  /** Not handed out again. */
  readonly gid?: number;
}

export interface StoreContents {
  readonly clusters: readonly ClusterRecord[];
  readonly nodes: readonly NodeRecord[];
  readonly volumes: readonly VolumeRecord[];
  readonly quarantined: readonly Quarantined[];
}

const legibleBrick = z.object({
  id: branded(brickId),
  node: branded(nodeId),
  device: branded(deviceName),
  footprint: byteSize,
});

const legibleVolume = z.object({
  gid: z.int().min(1).optional().catch(undefined),
  brickSets: z.array(z.array(legibleBrick.optional().catch(undefined)).catch([])).catch([]),
  discarded: z.array(legibleBrick.optional().catch(undefined)).catch([]),
  growth: z
    .object({
      bricks: z.array(legibleBrick.pick({ id: true, footprint: true }).optional().catch(undefined)).catch([]),
      sets: z.array(z.array(legibleBrick.optional().catch(undefined)).catch([])).catch([]),
    })
    .catch({ bricks: [], sets: [] }),
});

function quarantine({ kind, id, body }: StoredDocument, problem: string): Quarantined {
  const legible = kind === 'volume' ? legibleVolume.safeParse(body).data : undefined;
  const bricks =
    legible === undefined
      ? []
      : [...legible.brickSets.flat(), ...legible.growth.sets.flat(), ...legible.discarded].map((brick) => {
          const target = legible.growth.bricks.find((grown) => grown !== undefined && grown.id === brick?.id);
          return brick === undefined || target === undefined || target.footprint <= brick.footprint
            ? brick
            : Object.assign({}, brick, { footprint: target.footprint });
        });
  return {
    kind,
    id,
    problem,
    bricks: bricks.filter((brick) => brick !== undefined),
    ...(legible?.gid === undefined ? {} : { gid: legible.gid }),
  };
}

/** The record, or what is wrong with it. */
function read<T extends { readonly id: string }>(
  document: StoredDocument,
  schema: z.ZodType<T>,
  into: T[],
): string | undefined {
  if (typeof document.body === 'string') {
    return 'not JSON';
  }
  const parsed = schema.safeParse(document.body);
  if (!parsed.success) {
    return describeIssues(parsed.error);
  }
  if (parsed.data.id !== document.id) {
    return `id: expected ${document.id}, got ${parsed.data.id}`;
  }
  into.push(parsed.data);
  return undefined;
}

/** Sorts documents into records and what is none. The `meta` document is checkMeta's. */
export function readDocuments(documents: readonly StoredDocument[]): StoreContents {
  const clusters: ClusterRecord[] = [];
  const nodes: NodeRecord[] = [];
  const volumes: VolumeRecord[] = [];
  const quarantined: Quarantined[] = [];
  const problemOf = (document: StoredDocument): string | undefined => {
    switch (document.kind) {
      case 'cluster':
        return read(document, clusterRecord, clusters);
      case 'node':
        return read(document, nodeRecord, nodes);
      case 'volume':
        return read(document, volumeRecord, volumes);
      case 'meta':
        return undefined;
      default:
        return `kind: expected meta, cluster, node or volume, got ${JSON.stringify(document.kind)}`;
    }
  };
  for (const document of documents) {
    const problem = problemOf(document);
    if (problem !== undefined) {
      quarantined.push(quarantine(document, problem));
    }
  }
  return { clusters, nodes, volumes, quarantined };
}

/**
 * Checks that the store was written for `realm`, by a version that this one understands. Returns the document to write
 * when nobody has said yet. Throws StoreError otherwise: in a strange realm every volume would look orphaned.
 */
export function checkMeta(documents: readonly StoredDocument[], realm: string): StoredDocument | undefined {
  const meta = documents.find(({ kind, id }) => kind === 'meta' && id === metaId);
  if (meta === undefined) {
    if (documents.some(({ kind }) => kind === 'volume')) {
      throw new StoreError('the store has volumes but does not say whose they are (document meta/store is missing)', {
        retryable: false,
      });
    }
    return { kind: 'meta', id: metaId, body: { schema: schemaVersion, realm } satisfies z.infer<typeof metaBody> };
  }
  const parsed = metaBody.safeParse(meta.body);
  if (!parsed.success) {
    throw new StoreError(`the store does not say whose it is: ${describeIssues(parsed.error)}`, { retryable: false });
  }
  if (parsed.data.schema > schemaVersion) {
    throw new StoreError(
      `a newer version of Brickyard wrote the store (schema ${parsed.data.schema}, this one reads up to ${schemaVersion})`,
      { retryable: false },
    );
  }
  if (parsed.data.realm !== realm) {
    throw new StoreError(`the store belongs to the realm ${parsed.data.realm}, not to ${realm}`, { retryable: false });
  }
  return undefined;
}
