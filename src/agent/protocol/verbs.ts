/**
 * The closed table of verbs: client and server both derive from it, so a verb of the port that is missing here, or has
 * another shape here than there, does not compile.
 */
import { z } from 'zod';
import type { DeviceName } from '../../domain/names.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext, StorageNodes } from '../../engine/ports.ts';
import * as value from './values.ts';

export type Verb = keyof StorageNodes;

/** What stands between the node and the context. */
export type ArgumentsOf<V extends Verb> =
  Parameters<StorageNodes[V]> extends [NodeRef, ...infer Arguments, CallContext] ? Arguments : never;

export type OutcomeOf<V extends Verb> = Awaited<ReturnType<StorageNodes[V]>>;
export type ResultOf<V extends Verb> = Extract<OutcomeOf<V>, { readonly kind: 'done' }>['value'];

export interface VerbShape<V extends Verb> {
  /** A read changes nothing: it waits for nobody, and nobody waits for it. */
  readonly effect: 'read' | 'change';
  /** Milliseconds after which the caller waits no longer, although the agent says that it is at it. */
  readonly deadlineMs: number;
  readonly args: z.ZodType<ArgumentsOf<V>>;
  readonly result: z.ZodType<ResultOf<V>>;
  /** What a change is about: changes of one thing are done one after another. */
  readonly about: (args: ArgumentsOf<V>) => string;
  /** The device that it touches, which the agent's configuration must name. */
  readonly device: (args: ArgumentsOf<V>) => DeviceName | undefined;
}

type Shapes = { readonly [V in Verb]: VerbShape<V> };

/** Longer than the commands of one such verb take together at worst, each within its own deadline. */
const deadlines = { read: 90_000, gluster: 300_000, brick: 600_000 } as const;
const none = (): undefined => undefined;

const ofNode = { effect: 'read', deadlineMs: deadlines.read, about: () => 'node', device: none } as const;
const ofVolume = {
  effect: 'change',
  deadlineMs: deadlines.gluster,
  about: ([name]: readonly [string, ...unknown[]]) => `volume ${name}`,
  device: none,
} as const;
const ofSpec = { ...ofVolume, about: ([{ name }]: ArgumentsOf<'createVolume'>) => `volume ${name}` } as const;
const ofPeer = { ...ofVolume, about: ([host]: readonly [string]) => `peer ${host}` } as const;
const ofDevice = {
  effect: 'change',
  deadlineMs: deadlines.brick,
  about: ([device]: readonly [DeviceName, ...unknown[]]) => `device ${device}`,
  device: ([device]: readonly [DeviceName, ...unknown[]]) => device,
} as const;
const ofBrick = {
  effect: 'change',
  deadlineMs: deadlines.brick,
  about: ([brick]: readonly [ArgumentsOf<'growBrick'>[0], ...unknown[]]) => `brick ${brick.id}`,
  device: ([brick]: readonly [ArgumentsOf<'growBrick'>[0], ...unknown[]]) => brick.device,
} as const;
const read = { effect: 'read', deadlineMs: deadlines.read } as const;

const oneDevice = z.tuple([value.device]);
const oneHost = z.tuple([value.host]);
const oneName = z.tuple([value.volume]);
const oneSpec = z.tuple([value.volumeSpec]);
const oneBrick = z.tuple([value.brickSpec]);
const nothing = z.void();

export const verbs: Shapes = {
  inspectNode: { ...ofNode, args: z.tuple([]), result: value.nodeFacts },
  inspectDevice: { ...ofDevice, ...read, args: oneDevice, result: value.deviceFacts },
  prepareDevice: { ...ofDevice, args: z.tuple([value.device, value.prepareOptions]), result: value.deviceFacts },

  ensureBrick: {
    ...ofBrick,
    args: z.tuple([value.brickSpec, z.strictObject({ pristine: z.boolean() })]),
    result: value.brickFacts,
  },
  growBrick: { ...ofBrick, args: oneBrick, result: value.brickFacts },
  destroyBrick: { ...ofBrick, args: oneBrick, result: nothing },
  listBricks: { ...ofDevice, ...read, args: oneDevice, result: z.array(value.brickFacts) },
  restoreBricks: { ...ofDevice, args: oneDevice, result: z.array(value.brick) },

  ensurePeer: { ...ofPeer, args: oneHost, result: nothing },
  removePeer: { ...ofPeer, args: oneHost, result: nothing },
  listPeers: { ...ofNode, args: z.tuple([]), result: z.array(value.peer) },

  volumeInfo: { ...ofVolume, ...read, args: oneName, result: value.glusterVolume.optional() },
  listVolumes: { ...ofNode, args: z.tuple([]), result: z.array(z.string()) },
  createVolume: { ...ofSpec, args: oneSpec, result: nothing },
  addBricks: { ...ofSpec, args: oneSpec, result: nothing },
  removeBricks: { ...ofSpec, args: oneSpec, result: nothing },
  startRebalance: { ...ofVolume, args: oneName, result: z.string().optional() },
  rebalanceStatus: { ...ofVolume, ...read, args: oneName, result: value.rebalance },
  setVolumeOptions: {
    ...ofVolume,
    args: z.tuple([value.volume, z.array(value.volumeOption)]),
    result: nothing,
  },
  startVolume: { ...ofVolume, args: oneName, result: nothing },
  restartBricks: { ...ofVolume, args: oneName, result: nothing },
  volumeStatus: { ...ofVolume, ...read, args: oneName, result: z.array(value.brickStatus).optional() },
  healSummary: { ...ofVolume, ...read, args: oneName, result: z.array(value.brickHeal) },
  startHeal: {
    ...ofVolume,
    args: z.tuple([value.volume, z.strictObject({ full: z.boolean() })]),
    result: nothing,
  },
  replaceBrick: {
    ...ofVolume,
    args: z.tuple([value.volume, z.strictObject({ from: value.brickAddress, to: value.brickAddress })]),
    result: nothing,
  },
  resetBrick: { ...ofVolume, args: z.tuple([value.volume, value.brickAddress]), result: nothing },
  stopVolume: { ...ofVolume, args: oneName, result: nothing },
  deleteVolume: { ...ofVolume, args: oneName, result: nothing },
};

export const verbNames = Object.keys(verbs) as readonly Verb[];

/** The longest that a caller waits for any verb: a result that is kept for longer is asked for by nobody. */
export const longestDeadlineMs = Math.max(...Object.values(deadlines));
