/** Making a cluster's nodes what their records say: peers of one pool, with devices that are ready for bricks. */
import type { ClusterId } from '../domain/names.ts';
import { done, joinOutcomes, type Outcome } from '../domain/outcome.ts';
import type { DeviceRecord, NodeRecord } from '../domain/topology.ts';
import type { TopologyProgress } from './api.ts';
import type { Account } from './calls.ts';
import { joinPool } from './peers.ts';
import type { DeviceFacts, PrepareOptions } from './ports.ts';
import type { RunSignals } from './volume-runs.ts';
import type { VolumeWork } from './volume-work.ts';

export interface Preparation {
  readonly signals: RunSignals;
  readonly tell: (progress: TopologyProgress) => void;
  /** Writes a node's record. */
  readonly keep: (node: NodeRecord) => Promise<Outcome<void>>;
}

/**
 * Probes every node of the cluster from one that is in the pool, then prepares the devices of those that are in it, all
 * nodes side by side.
 */
export async function prepareNodes(
  work: VolumeWork,
  cluster: ClusterId,
  preparation: Preparation,
): Promise<Outcome<void>> {
  const account: Account = { signals: preparation.signals, turn: '', seed: cluster };
  const nodes = work.directory.list(cluster);
  const members: NodeRecord[] = [];
  const outcomes: Outcome<void>[] = [];
  // One after another: a probe takes a lock on the whole pool.
  for (const node of nodes) {
    const outcome = await joinPool(work, nodes, node, account);
    preparation.tell({ step: 'peer', cluster, node: node.id, outcome });
    outcomes.push(outcome);
    if (outcome.kind === 'done') {
      members.push(node);
    }
  }
  const prepared = await Promise.all(members.map((node) => prepareDevices(work, node, account, preparation)));
  const joined = joinOutcomes([...outcomes, ...prepared]);
  return joined.kind === 'done' ? done() : joined;
}

async function prepareDevices(
  work: VolumeWork,
  node: NodeRecord,
  account: Account,
  preparation: Preparation,
): Promise<Outcome<void>> {
  const facts = await Promise.all(
    node.devices.map(async (device) => {
      const outcome = await prepareDevice(work, node, device, account);
      const told: Outcome<void> = outcome.kind === 'done' ? done() : outcome;
      preparation.tell({ step: 'device', cluster: node.cluster, node: node.id, device: device.name, outcome: told });
      return outcome;
    }),
  );
  const devices = node.devices.map((device, index) => {
    const fact = facts[index];
    return fact?.kind === 'done' ? withFacts(work, node, device, fact.value) : device;
  });
  const same = devices.every((device, index) => device === node.devices[index]);
  const written = same ? done() : await preparation.keep({ ...node, devices });
  const joined = joinOutcomes(facts);
  return joined.kind === 'done' ? written : joined;
}

/** A device that holds bricks is looked at and never prepared: whatever is wrong with it, that would not help the data. */
async function prepareDevice(
  work: VolumeWork,
  node: NodeRecord,
  device: DeviceRecord,
  account: Account,
): Promise<Outcome<DeviceFacts>> {
  const used = work.ledger
    .pool(node.cluster)
    .devices()
    .some((usage) => usage.node === node.id && usage.device === device.name && usage.bricks > 0);
  return work.calls.onNode(node, 'device', account, (storage, context) =>
    used
      ? storage.inspectDevice(node, device.name, context)
      : storage.prepareDevice(node, device.name, optionsOf(device), context),
  );
}

function optionsOf({ wipe, serial }: DeviceRecord): PrepareOptions {
  return { wipe, ...(serial === undefined ? {} : { serial }) };
}

/** The record with what the node reported. The agreement to wipe is used up. */
function withFacts(work: VolumeWork, node: NodeRecord, device: DeviceRecord, facts: DeviceFacts): DeviceRecord {
  if (device.size !== undefined && device.size !== facts.size) {
    const sizes = { node: node.id, device: device.name, before: device.size, now: facts.size };
    work.settings.log.warn(sizes, 'a device has another size than it was recorded with');
  }
  return device.size === facts.size && !device.wipe ? device : { ...device, size: facts.size, wipe: false };
}
