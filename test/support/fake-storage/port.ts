import { done, type Outcome } from '../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { CallContext, StorageNodes } from '../../../src/engine/ports.ts';
import { destroyBrick, ensureBrick, growBrick, takeMore } from './brick-verbs.ts';
import type { FakeCalls, Judge } from './calls.ts';
import { inspect, prepare, restoreBricks } from './device-verbs.ts';
import { factsOf, listedBrick, nodeFacts, standingOf, type FakeNode } from './parts.ts';
import { ensurePeer, removePeer } from './peer-verbs.ts';
import { rebalanceStatus, startRebalance } from './rebalance-verbs.ts';
import { healSummary, replaceBrick, restartBricks, startHeal, volumeStatus } from './repair-verbs.ts';
import type { FakeSite } from './site.ts';
import { addBricks, change, createVolume, deleteVolume, removeBricks } from './volume-verbs.ts';

/** The nodes, as one caller sees them whose calls are judged. */
export function portOf(site: FakeSite, calls: FakeCalls, judge: Judge): StorageNodes {
  const call = <T>(
    verb: keyof StorageNodes,
    node: NodeRef,
    about: string,
    context: CallContext,
    effect: (node: FakeNode) => Outcome<T>,
    half?: (node: FakeNode) => void,
  ): Promise<Outcome<T>> => calls.call(judge({ verb, node: node.id, about }), verb, node, about, context, effect, half);
  return {
    inspectNode: (node, context) => call('inspectNode', node, node.id, context, (fake) => done(nodeFacts(fake))),
    restoreBricks: (node, device, context) =>
      call('restoreBricks', node, device, context, (fake) => restoreBricks(fake, device)),
    removePeer: (via, host, context) => call('removePeer', via, host, context, (fake) => removePeer(site, fake, host)),
    restartBricks: (via, name, context) =>
      call('restartBricks', via, name, context, (fake) => restartBricks(site, fake, name)),
    volumeStatus: (via, name, context) =>
      call('volumeStatus', via, name, context, (fake) => volumeStatus(site, fake, name)),
    healSummary: (via, name, context) =>
      call('healSummary', via, name, context, (fake) => healSummary(site, fake, name)),
    startHeal: (via, name, _options, context) =>
      call('startHeal', via, name, context, (fake) => startHeal(site, fake, name)),
    replaceBrick: (via, name, { from, to }, context) =>
      call('replaceBrick', via, name, context, (fake) => replaceBrick(site, fake, name, from, to)),
    resetBrick: (via, name, brick, context) =>
      call('resetBrick', via, name, context, (fake) => replaceBrick(site, fake, name, brick, brick)),
    inspectDevice: (node, device, context) =>
      call('inspectDevice', node, device, context, (fake) => inspect(fake, device)),
    prepareDevice: (node, device, options, context) =>
      call('prepareDevice', node, device, context, (fake) => prepare(fake, device, options)),
    ensureBrick: (node, brick, options, context) =>
      call('ensureBrick', node, brick.id, context, (fake) => ensureBrick(site, fake, brick, options.pristine)),
    growBrick: (node, brick, context) =>
      call(
        'growBrick',
        node,
        brick.id,
        context,
        (fake) => growBrick(site, fake, brick),
        // A failure leaves the pool extended, and the file system as it was.
        (fake) => takeMore(site, fake, brick),
      ),
    destroyBrick: (node, brick, context) =>
      call('destroyBrick', node, brick.id, context, (fake) => destroyBrick(site, fake, brick.id)),
    listBricks: (node, device, context) =>
      call('listBricks', node, device, context, (fake) =>
        done([...fake.bricks.values()].filter(({ spec }) => spec.device === device).map(listedBrick)),
      ),
    ensurePeer: (via, host, context) => call('ensurePeer', via, host, context, (fake) => ensurePeer(site, fake, host)),
    listPeers: (via, context) =>
      call('listPeers', via, via.id, context, (fake) =>
        done(
          [...fake.pool.hosts].map(([host, uuid]) => ({
            uuid: host === fake.host ? fake.glusterId : uuid,
            hosts: [host],
            state: standingOf(fake, site.byHost(host)),
          })),
        ),
      ),
    volumeInfo: (via, name, context) =>
      call('volumeInfo', via, name, context, (fake) => {
        const volume = fake.pool.volumes.get(name) ?? fake.alone.get(name);
        return done(volume === undefined ? undefined : factsOf(volume));
      }),
    listVolumes: (via, context) => call('listVolumes', via, '', context, (fake) => done([...fake.pool.volumes.keys()])),
    createVolume: (via, spec, context) =>
      call('createVolume', via, spec.name, context, (fake) => createVolume(site, fake, spec)),
    addBricks: (via, spec, context) =>
      call('addBricks', via, spec.name, context, (fake) => addBricks(site, fake, spec)),
    removeBricks: (via, spec, context) =>
      call('removeBricks', via, spec.name, context, (fake) => removeBricks(fake, spec)),
    startRebalance: (via, name, context) =>
      call('startRebalance', via, name, context, (fake) => startRebalance(site, fake, name)),
    rebalanceStatus: (via, name, context) =>
      call('rebalanceStatus', via, name, context, (fake) => rebalanceStatus(site, fake, name)),
    setVolumeOptions: (via, name, options, context) =>
      call('setVolumeOptions', via, name, context, (fake) =>
        change(fake, name, (volume) => {
          for (const { key, value } of options) {
            volume.options.set(key, value);
          }
        }),
      ),
    startVolume: (via, name, context) =>
      call('startVolume', via, name, context, (fake) =>
        change(fake, name, (volume) => {
          if (volume.status !== 'started') {
            volume.status = 'started';
            site.startProcesses(volume);
          }
          volume.everStarted = true;
        }),
      ),
    stopVolume: (via, name, context) =>
      call('stopVolume', via, name, context, (fake) =>
        change(fake, name, (volume) => {
          volume.status = 'stopped';
          if (volume.rebalance?.state === 'running') {
            volume.rebalance.state = 'stopped';
          }
        }),
      ),
    deleteVolume: (via, name, context) =>
      call('deleteVolume', via, name, context, (fake) => deleteVolume(site, fake, name)),
  };
}
