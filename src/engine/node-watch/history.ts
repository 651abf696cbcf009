/** What the looks at one node add up to. Pure: knows neither clock nor nodes. */
import type { DeviceName } from '../../domain/names.ts';
import type { Hindrance, Obstacle } from '../../domain/placement/seat.ts';
import type { NodeRecord } from '../../domain/topology.ts';
import type { ObservedHealth } from '../node-health.ts';
import { addressProblem } from './addresses.ts';
import type { DeviceProblem, DeviceState, NodeProblem, NodeState, WatchedNode, WholeNodeProblem } from './api.ts';
import { describeProblem } from './describe.ts';
import { Hysteresis } from './hysteresis.ts';
import type { PoolView } from '../pool-view.ts';
import { membershipProblem, type Verdict } from './membership.ts';
import type { DeviceSight, NodeSight } from './sight.ts';

/** What a look at the node itself cannot tell. */
export interface Surroundings {
  /** The pool as other nodes of the cluster see it. */
  readonly views: readonly PoolView[];
  /** What they make of the node. */
  readonly verdict: Verdict;
  /** Addresses that its storage host stands for. `undefined`: nobody could say. */
  readonly expected: readonly string[] | undefined;
  readonly bricksOn: (device: DeviceName) => number;
  /** UTC, ISO 8601. */
  readonly now: string;
}

/** What a look brought to light that something has to be done about. */
export interface Return {
  /** It was seen for the first time, has started anew, or has come up again: everything on it may need to be restored. */
  readonly node: boolean;
  /** Devices that were found in order, and were not at the look before. */
  readonly devices: readonly DeviceName[];
}

type DeviceDisorder = Exclude<DeviceSight, { readonly kind: 'ok' }>;

interface DeviceHistory {
  readonly hysteresis: Hysteresis;
  /** At the last look. */
  isAmiss: boolean;
  /** What was found last that was not in order. */
  found: DeviceDisorder | undefined;
}

export class NodeHistory {
  readonly #hysteresis = new Hysteresis();
  readonly #devices = new Map<DeviceName, DeviceHistory>();
  #node: NodeRecord;
  #since = '';
  #bootId: string | undefined;
  /** Why it did not answer at the last look. */
  #silence: WholeNodeProblem | undefined;
  /** From the last look that it answered. */
  #identity: readonly WholeNodeProblem[] = [];
  /** Of the pool's word about it. A member that has just come back may be taken for another for a moment. */
  readonly #standing = new Hysteresis();
  /** What was said last that did not count it as a member. */
  #rejection: WholeNodeProblem | undefined;
  #bricksOn: Surroundings['bricksOn'] = () => 0;

  constructor(node: NodeRecord) {
    this.#node = node;
  }

  get state(): NodeState {
    return this.#hysteresis.state;
  }

  /** Whether gluster commands that concern the node make sense. */
  get isMember(): boolean {
    return this.#silence === undefined && this.#identity.length === 0 && this.#standing.state === 'up';
  }

  look(node: NodeRecord, sight: NodeSight, surroundings: Surroundings): Return {
    const before = this.state;
    this.#node = node;
    this.#bricksOn = surroundings.bricksOn;
    const devices = sight.kind === 'seen' ? this.#lookAtDevices(sight.devices) : [];
    const hasStarted = sight.kind === 'seen' && this.#lookAtNode(node, sight, surroundings);
    this.#silence = silenceIn(sight);
    if (this.#silence === undefined) {
      this.#hysteresis.answer();
    } else {
      this.#hysteresis.miss();
    }
    if (this.state !== before || this.#since === '') {
      this.#since = surroundings.now;
    }
    return { node: hasStarted || (before === 'down' && this.state === 'up'), devices };
  }

  /** As it is shown. `restoring`: what is still to be restored on it. */
  watched(restoring: NodeProblem | undefined): WatchedNode {
    return {
      node: this.#node.id,
      cluster: this.#node.cluster,
      state: this.state,
      since: this.#since,
      problems: [...this.#wholeProblems(), ...this.#deviceProblems(), ...(restoring === undefined ? [] : [restoring])],
      devices: this.#node.devices
        .filter(({ name }) => this.#devices.has(name))
        .map(({ name }) => ({ name, state: this.#deviceState(name) })),
    };
  }

  /** What placement and gluster commands are to make of it. */
  get health(): ObservedHealth {
    const [first] = this.#wholeProblems();
    const because = first === undefined ? {} : { because: describeProblem(first) };
    const isInTrouble = this.#identity.length > 0 || this.#standing.isDown;
    const node: Obstacle | undefined =
      this.state === 'down'
        ? { why: 'node down', ...because }
        : isInTrouble
          ? { why: 'node in trouble', ...because }
          : undefined;
    const devices = new Map(
      this.#deviceProblems().map((problem): [DeviceName, Obstacle] => [
        problem.device,
        { why: obstacleOf[problem.kind], because: describeProblem(problem) },
      ]),
    );
    const hindrance: Hindrance = {
      ...(node === undefined ? {} : { node }),
      ...(devices.size === 0 ? {} : { devices }),
    };
    return { gateway: this.isMember, ...(node === undefined && devices.size === 0 ? {} : { hindrance }) };
  }

  /** Whether the machine has started since, as far as it was seen. The first time, it may have. */
  #lookAtNode(
    node: NodeRecord,
    { facts }: Extract<NodeSight, { kind: 'seen' }>,
    { views, verdict, expected }: Surroundings,
  ): boolean {
    const hasStarted = this.#bootId !== facts.bootId;
    this.#bootId = facts.bootId;
    const found = [membershipProblem(node, facts, views), addressProblem(node, facts, expected)];
    this.#identity = found.filter((problem) => problem !== undefined);
    this.#hear(verdict);
    return hasStarted;
  }

  #hear(verdict: Verdict): void {
    if (verdict === 'member') {
      this.#standing.answer();
    } else if (verdict !== 'unheard') {
      this.#standing.miss();
      this.#rejection = verdict;
    }
  }

  /** Returns devices that are not as they were found before, but in order. */
  #lookAtDevices(sights: ReadonlyMap<DeviceName, DeviceSight>): readonly DeviceName[] {
    const known = new Set(this.#node.devices.map(({ name }) => name));
    for (const name of this.#devices.keys()) {
      if (!known.has(name)) {
        this.#devices.delete(name);
      }
    }
    return [...sights].flatMap(([name, sight]) => {
      const device = this.#devices.get(name) ?? { hysteresis: new Hysteresis(), isAmiss: false, found: undefined };
      this.#devices.set(name, device);
      const wasAmiss = device.isAmiss;
      device.isAmiss = sight.kind !== 'ok';
      if (sight.kind === 'ok') {
        device.hysteresis.answer();
      } else {
        device.hysteresis.miss();
        device.found = sight;
      }
      // Sooner than placement trusts it again: to look costs little, and what was on it is missed.
      return wasAmiss && !device.isAmiss ? [name] : [];
    });
  }

  /** Silence hides what was seen before it, and does not undo it. */
  #wholeProblems(): readonly WholeNodeProblem[] {
    const rejection = this.#standing.isDown ? this.#rejection : undefined;
    return [...[this.#silence, rejection].filter((problem) => problem !== undefined), ...this.#identity];
  }

  #deviceState(name: DeviceName): DeviceState {
    const device = this.#devices.get(name);
    return device?.hysteresis.isDown === true ? (device.found?.kind ?? 'ok') : 'ok';
  }

  #deviceProblems(): readonly DeviceProblem[] {
    return [...this.#devices].flatMap(([device, { hysteresis, found }]): DeviceProblem[] => {
      if (!hysteresis.isDown || found === undefined) {
        return [];
      }
      const place = { device, bricks: this.#bricksOn(device) };
      return found.kind === 'unreadable'
        ? [{ ...place, kind: 'device-unreadable', reason: found.reason }]
        : [{ ...place, kind: `device-${found.kind}` }];
    });
  }
}

const obstacleOf: Readonly<Record<DeviceProblem['kind'], Obstacle['why']>> = {
  'device-missing': 'device missing',
  'device-empty': 'device empty',
  'device-unreadable': 'device unreadable',
};

/** A node without its glusterd serves nobody, but is there. */
function silenceIn(sight: NodeSight): WholeNodeProblem | undefined {
  if (sight.kind === 'unseen') {
    return { kind: 'unreachable', reason: sight.reason };
  }
  return sight.facts.glusterId === undefined ? { kind: 'glusterd-down' } : undefined;
}
