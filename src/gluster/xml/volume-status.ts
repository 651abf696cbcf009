/** `gluster volume status NAME [detail]`. Never asked about all volumes at once: with many it takes minutes. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';
import { container, numberIfKnown, wholeNumber } from './shapes.ts';

interface BrickStatus {
  readonly host: string;
  readonly path: string;
  readonly online: boolean;
  readonly port?: number;
  /** Bytes; with `detail` only. */
  readonly size?: number;
  /** Bytes; with `detail` only. */
  readonly free?: number;
}

export interface VolumeStatus {
  readonly name: string;
  /** Bricks on nodes that answer. A brick on a node that is down is not listed at all. */
  readonly bricks: readonly BrickStatus[];
  /** Such as `Self-heal Daemon`, and the host it runs on. */
  readonly daemons: readonly { readonly service: string; readonly host: string; readonly online: boolean }[];
  readonly tasks: readonly { readonly type: string; readonly id: string; readonly status: string }[];
}

const brick = z.object({
  hostname: z.string(),
  path: z.string(),
  status: z.enum(['0', '1']),
  port: numberIfKnown.optional(),
  sizeTotal: wholeNumber.optional(),
  sizeFree: wholeNumber.optional(),
});

/** Of no consequence to anybody, and the part that changed from gluster 10 to 11: what does not read is left out. */
const daemon = z.object({ hostname: z.string(), path: z.string(), status: z.string() });

/** Bricks and daemons share one list, in gluster 11 in any order: only a brick has an absolute path. */
const isBrick = (node: unknown): boolean => z.object({ path: z.string().startsWith('/') }).safeParse(node).success;

const volume = z.object({
  volName: z.string(),
  node: z
    .array(z.unknown())
    .default([])
    .transform((nodes) => ({ bricks: nodes.filter(isBrick), daemons: nodes.filter((node) => !isBrick(node)) }))
    .pipe(z.object({ bricks: z.array(brick), daemons: z.array(daemon.optional().catch(undefined)) })),
  tasks: container(
    z.object({ task: z.array(z.object({ type: z.string(), id: z.string(), statusStr: z.string() })).default([]) }),
  ).optional(),
});

const answer = z.object({
  volStatus: z.object({ volumes: container(z.object({ volume: z.array(volume).default([]) })) }),
});

export const readVolumeStatus: BodyReader<readonly VolumeStatus[]> = (body) =>
  answer.parse(body).volStatus.volumes.volume.map((found) => ({
    name: found.volName,
    bricks: found.node.bricks.map(brickStatus),
    daemons: found.node.daemons.flatMap((node) =>
      node === undefined ? [] : [{ service: node.hostname, host: node.path, online: node.status === '1' }],
    ),
    tasks: (found.tasks?.task ?? []).map(({ type, id, statusStr }) => ({ type, id, status: statusStr })),
  }));

const brickStatus = ({ hostname, path, status, port, sizeTotal, sizeFree }: z.infer<typeof brick>): BrickStatus => ({
  host: hostname,
  path,
  online: status === '1',
  port,
  size: sizeTotal,
  free: sizeFree,
});
