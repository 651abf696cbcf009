/** What a fake glusterd does with its trusted pool. */
import { done, rejected, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import { isServing, type FakeNode } from './parts.ts';
import type { FakeSite } from './site.ts';

export function ensurePeer(site: FakeSite, via: FakeNode, host: string): Outcome<void> {
  const node = site.byHost(host);
  if (!isServing(node)) {
    return waiting({ what: 'node', name: host }, `${host} does not answer a probe`);
  }
  const known = via.pool.hosts.get(host);
  if (known !== undefined && known !== node.glusterId) {
    return rejected(`${host} is known to the pool under another UUID`);
  }
  if (node.pool !== via.pool) {
    if (node.pool.hosts.size > 1) {
      return rejected(`${host} is part of another pool`);
    }
    via.pool.hosts.set(host, node.glusterId);
    node.pool = via.pool;
  }
  return done();
}

export function removePeer(site: FakeSite, via: FakeNode, host: string): Outcome<void> {
  if (host === via.host) {
    return rejected(`${host} is the node that was asked`);
  }
  const { hosts, volumes } = via.pool;
  if (!hosts.has(host)) {
    return done();
  }
  if ([...volumes.values()].some(({ bricks }) => bricks.some((brick) => brick.host === host))) {
    return rejected(`a volume has bricks on ${host}`);
  }
  const node = site.byHost(host);
  if (!isServing(node)) {
    return waiting({ what: 'node', name: host }, `${host} is not connected`);
  }
  hosts.delete(host);
  node.pool = { hosts: new Map([[host, node.glusterId]]), volumes: new Map() };
  return done();
}
