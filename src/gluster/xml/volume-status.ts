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

const node = z.object({
  hostname: z.string(),
  path: z.string(),
  status: z.enum(['0', '1']),
  port: numberIfKnown,
  sizeTotal: wholeNumber.optional(),
  sizeFree: wholeNumber.optional(),
});

const volume = z.object({
  volName: z.string(),
  node: z.array(node).default([]),
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
    // Bricks and daemons share one list: only a brick has an absolute path.
    bricks: found.node.filter(({ path }) => path.startsWith('/')).map(brickStatus),
    daemons: found.node
      .filter(({ path }) => !path.startsWith('/'))
      .map(({ hostname, path, status }) => ({ service: hostname, host: path, online: status === '1' })),
    tasks: (found.tasks?.task ?? []).map(({ type, id, statusStr }) => ({ type, id, status: statusStr })),
  }));

const brickStatus = ({ hostname, path, status, port, sizeTotal, sizeFree }: z.infer<typeof node>): BrickStatus => ({
  host: hostname,
  path,
  online: status === '1',
  port,
  size: sizeTotal,
  free: sizeFree,
});
