/** What a fake glusterd does when files have to move. */
import type { VolumeName } from '../../../src/domain/names.ts';
import { done, failed, type Outcome } from '../../../src/domain/outcome.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import type { Rebalance } from '../../../src/engine/ports.ts';
import type { FakeNode } from './parts.ts';
import type { FakeSite } from './site.ts';

/** How often a rebalance is looked at before it is found to be completed. */
const looksOfARebalance = 2;

export function startRebalance(site: FakeSite, via: FakeNode, name: VolumeName): Outcome<string | undefined> {
  const volume = via.pool.volumes.get(name);
  if (volume === undefined) {
    return failed(`volume ${name} does not exist`);
  }
  if (volume.rebalance?.state !== 'running') {
    volume.rebalance = { task: `task-${site.nextNumber()}`, state: 'running', looks: 0 };
  }
  return done(volume.rebalance.task);
}

export function rebalanceStatus(site: FakeSite, via: FakeNode, name: VolumeName): Outcome<Rebalance> {
  const volume = via.pool.volumes.get(name);
  const { rebalance } = volume ?? {};
  const counts = { files: 0, bytes: bytes(0), failures: 0 };
  if (rebalance === undefined) {
    return volume === undefined ? failed(`volume ${name} does not exist`) : done({ state: 'none', ...counts });
  }
  rebalance.looks += 1;
  if (rebalance.state === 'running' && rebalance.looks >= looksOfARebalance) {
    rebalance.state = site.failRebalance ? 'failed' : 'completed';
    site.failRebalance = false;
  }
  return done({ state: rebalance.state, task: rebalance.task, ...counts });
}
