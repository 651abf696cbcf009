/** What must hold at any moment, and what must hold once everything has calmed down. */
import { GiB, parseQuantity } from '../../../src/domain/quantity.ts';
import type { KubeObject } from '../../../src/sandbox/api/object.ts';
import { objectAt, textAt } from '../../../src/sandbox/api/json.ts';
import type { SimulatedVolumeState, SimulationState } from '../../../src/gluster/simulated/state.ts';
import type { Users, Wish } from './users.ts';
import type { World } from './world.ts';

const gidAnnotation = 'pv.beta.kubernetes.io/gid';
const phaseOf = (object: KubeObject | undefined): string | undefined =>
  textAt(objectAt(object ?? {}, 'status'), 'phase');

export class Invariants {
  readonly #world: World;
  readonly #users: Users;
  /** Gluster's id of the data behind each volume that was bound: it is the data's identity. */
  readonly #data = new Map<string, string>();

  constructor(world: World, users: Users) {
    this.#world = world;
    this.#users = users;
  }

  /** Sentences about what is broken now; none when all is well. */
  broken(): readonly string[] {
    const state = this.#world.simulation.inspect();
    const volumes = volumesOf(state);
    const leaders = this.#world.replicas.filter(({ leads }) => leads).length;
    const pvs = this.#world.plane.api.list({ apiVersion: 'v1', kind: 'PersistentVolume' });
    const gids = pvs.map(({ metadata }) => metadata.annotations?.[gidAnnotation]);
    return [
      ...(leaders > 1 ? [`${leaders} replicas lead`] : []),
      ...(new Set(gids).size === gids.length ? [] : [`a group is given to two volumes: ${gids.join(' ')}`]),
      ...state.notUnderstood.map((words) => `a command that nobody knows: ${words.join(' ')}`),
      ...sharedBricks([...volumes.values()]),
      ...this.#users.wishes.flatMap((wish) => this.#lost(wish, volumes.get(`vol_${wish.uid}`), state)),
    ];
  }

  /** What is not yet as it was asked for. */
  unfinished(): readonly string[] {
    const state = this.#world.simulation.inspect();
    const wishes = this.#users.wishes;
    const names = (prefix: string): string =>
      wishes
        .map(({ uid }) => `${prefix}${uid}`)
        .sort()
        .join(' ');
    const list = (apiVersion: string, kind: string): string =>
      this.#world.plane.api
        .list({ apiVersion, kind })
        .map(({ metadata }) => metadata.name)
        .sort()
        .join(' ');
    const bricks = [...volumesOf(state).values()].reduce((sum, volume) => sum + volume.bricks.length, 0);
    const thin = state.nodes
      .flatMap(({ volumeGroups }) => volumeGroups)
      .flatMap(({ logicalVolumes }) => logicalVolumes);
    const standing = thin.filter(({ kind }) => kind === 'thin').length;
    return [
      ...different('PersistentVolumes', list('v1', 'PersistentVolume'), names('pvc-')),
      ...different('records', list('brickyard.dev/v1alpha1', 'GlusterVolume'), names('')),
      ...different('volumes in gluster', [...volumesOf(state).keys()].sort().join(' '), names('vol_')),
      ...different('bricks on the nodes', String(standing), String(bricks)),
      ...wishes.flatMap((wish) => this.#unserved(wish)),
    ];
  }

  /** Data that somebody relies on and that is not what it was. */
  #lost(wish: Wish, volume: SimulatedVolumeState | undefined, state: SimulationState): readonly string[] {
    const pv = this.#users.volumeOf(wish);
    const phase = phaseOf(pv);
    if (phase !== 'Bound' && phase !== 'Released') {
      return this.#data.has(wish.uid) ? [`the PersistentVolume of ${wish.uid} is ${phase ?? 'gone'}`] : [];
    }
    if (volume === undefined) {
      return [`the volume of ${wish.uid} is not in gluster, and its PersistentVolume is ${phase}`];
    }
    const known = this.#data.get(wish.uid) ?? volume.uuid;
    this.#data.set(wish.uid, known);
    return [
      ...(known === volume.uuid ? [] : [`the volume of ${wish.uid} is another one than it was`]),
      ...(volume.status === 'started' ? [] : [`the volume of ${wish.uid} is ${volume.status}`]),
      ...volume.bricks.flatMap(({ host, path }) => brickLost(state, host, path, volume.uuid)),
    ];
  }

  #unserved(wish: Wish): readonly string[] {
    if (wish.claim === 'deleted') {
      return [];
    }
    const claim = this.#users.claimOf(wish);
    const capacity = textAt(objectAt(objectAt(claim ?? {}, 'status'), 'capacity'), 'storage');
    // A brick is never smaller than 1 GiB, so a dispersed volume may be larger than it was asked to be.
    return phaseOf(claim) === 'Bound' && capacity !== undefined && parseQuantity(capacity) >= wish.size * GiB
      ? []
      : [
          `claim ${wish.namespace}/${wish.name} is ${phaseOf(claim) ?? 'gone'} with ${capacity ?? 'nothing'} of ${wish.size}Gi`,
        ];
  }
}

const volumesOf = ({ pools }: SimulationState): ReadonlyMap<string, SimulatedVolumeState> =>
  new Map(pools.flatMap(({ volumes }) => volumes).map((volume) => [volume.name, volume]));

function sharedBricks(volumes: readonly SimulatedVolumeState[]): readonly string[] {
  const places = volumes.flatMap(({ bricks }) => bricks.map(({ host, path }) => `${host}:${path}`));
  return new Set(places).size === places.length ? [] : ['two volumes share a brick'];
}

/** A brick that is mounted has the mark of its volume: without it somebody made it anew, and what was on it is lost. */
function brickLost(state: SimulationState, host: string, path: string, uuid: string): readonly string[] {
  const node = state.nodes.find(({ storage }) => storage === host);
  const isMounted = node?.mounts.some(({ target }) => path.startsWith(`${target}/`)) === true;
  const isMarked = node?.marks.some((mark) => mark.path === path && mark.volume === uuid) === true;
  return !isMounted || isMarked ? [] : [`brick ${host}:${path} has lost its data`];
}

const different = (what: string, found: string, wanted: string): readonly string[] =>
  found === wanted
    ? []
    : [`${what}: expected ${wanted === '' ? 'none' : wanted}, got ${found === '' ? 'none' : found}`];
