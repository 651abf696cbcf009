/** People who make, grow and delete claims, and what they are owed at any time. */
import type { KubeObject } from '../../../src/sandbox/api/object.ts';
import { objectAt, textAt } from '../../../src/sandbox/api/json.ts';
import { classes, type World } from './world.ts';

const namespaces = ['red', 'green', 'blue'] as const;
/** Claims at a time: the nodes have room for them all, grown and with one node missing. */
const most = 20;

export interface Wish {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** GiB that were asked for last. */
  size: number;
  /** `deleted`: the claim is, or is on its way. */
  claim: 'there' | 'deleted';
  policy: 'Delete' | 'Retain';
}

export class Users {
  readonly #world: World;
  readonly #wishes = new Map<string, Wish>();
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** What is owed: claims that are there, and volumes that were to be retained. */
  get wishes(): readonly Wish[] {
    return [...this.#wishes.values()];
  }

  /** One thing that somebody does. */
  act(): void {
    const dice = this.#world.random();
    const there = this.wishes.filter(({ claim }) => claim === 'there');
    const wish = there[Math.floor(this.#world.random() * there.length)];
    if (wish === undefined || (dice < 0.35 && there.length < most)) {
      this.#create();
    } else if (dice < 0.55) {
      this.#delete(wish);
    } else if (dice < 0.75) {
      this.#grow(wish);
    } else if (dice < 0.8) {
      this.#deleteVolumeFirst(wish);
    } else if (dice < 0.9) {
      this.#flip(wish);
    } else if (dice < 0.95) {
      this.#replaceAClass();
    } else {
      this.#letGoOfRetained();
    }
  }

  /** Claims that were made. */
  get made(): number {
    return this.#made;
  }

  /** Nobody wants anything any more. */
  leave(): void {
    for (const wish of this.wishes) {
      if (wish.policy === 'Retain') {
        this.#setPolicy(wish, 'Delete');
      }
      if (wish.claim === 'there') {
        this.#delete(wish);
      }
    }
  }

  claimOf({ namespace, name, uid }: Wish): KubeObject | undefined {
    const found = this.#world.plane.api.find({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
    return found?.metadata.uid === uid ? found : undefined;
  }

  volumeOf({ uid }: Wish): KubeObject | undefined {
    return this.#world.plane.api.find({ apiVersion: 'v1', kind: 'PersistentVolume', name: `pvc-${uid}` });
  }

  #create(): void {
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(this.#world.random() * list.length)];
    const namespace = pick(namespaces) ?? 'red';
    const size = 1 + Math.floor(this.#world.random() * 2);
    this.#made += 1;
    // Names come again, as those of a StatefulSet's claims do.
    const name = `data-${this.#made % 30}`;
    if (
      this.#world.plane.api.find({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name }) !== undefined
    ) {
      return;
    }
    const made = this.#world.plane.api.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace },
      spec: {
        accessModes: ['ReadWriteMany'],
        storageClassName: pick(Object.keys(classes)) ?? 'mirrored',
        resources: { requests: { storage: `${size}Gi` } },
      },
    });
    const uid = made.metadata.uid ?? '';
    this.#wishes.set(uid, { uid, namespace, name, size, claim: 'there', policy: 'Delete' });
  }

  #delete(wish: Wish): void {
    const { namespace, name } = wish;
    this.#world.plane.api.delete({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
    wish.claim = 'deleted';
    if (wish.policy === 'Delete') {
      this.#wishes.delete(wish.uid);
    }
  }

  #grow(wish: Wish): void {
    const claim = this.claimOf(wish);
    // Kubernetes grows bound claims only.
    if (textAt(objectAt(claim ?? {}, 'status'), 'phase') !== 'Bound' || wish.size >= 5) {
      return;
    }
    wish.size += 1;
    const { namespace, name } = wish;
    this.#world.plane.api.patch(
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
      { spec: { resources: { requests: { storage: `${wish.size}Gi` } } } },
    );
  }

  /** With policy Delete: the finalizer keeps it until the claim is gone as well. */
  #deleteVolumeFirst(wish: Wish): void {
    if (wish.policy === 'Delete' && this.volumeOf(wish) !== undefined) {
      this.#world.plane.api.delete({ apiVersion: 'v1', kind: 'PersistentVolume', name: `pvc-${wish.uid}` });
      this.#delete(wish);
    }
  }

  #flip(wish: Wish): void {
    if (textAt(objectAt(this.volumeOf(wish) ?? {}, 'status'), 'phase') === 'Bound') {
      this.#setPolicy(wish, wish.policy === 'Delete' ? 'Retain' : 'Delete');
    }
  }

  #letGoOfRetained(): void {
    const wish = this.wishes.find(({ claim }) => claim === 'deleted');
    if (wish !== undefined) {
      this.#setPolicy(wish, 'Delete');
    }
  }

  #setPolicy(wish: Wish, policy: Wish['policy']): void {
    this.#world.plane.api.patch(
      { apiVersion: 'v1', kind: 'PersistentVolume', name: `pvc-${wish.uid}` },
      { spec: { persistentVolumeReclaimPolicy: policy } },
    );
    wish.policy = policy;
    if (policy === 'Delete' && wish.claim === 'deleted') {
      this.#wishes.delete(wish.uid);
    }
  }

  #replaceAClass(): void {
    const names = Object.keys(classes) as (keyof typeof classes)[];
    const name = names[Math.floor(this.#world.random() * names.length)] ?? 'mirrored';
    this.#world.plane.api.delete({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name });
    this.#world.createClass(name);
  }
}
