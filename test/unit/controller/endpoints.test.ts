import { describe, expect, it } from 'vitest';
import { EndpointsReconciler, type EndpointsResult } from '../../../src/controller/endpoints.ts';
import { addressProblem, sortAddresses } from '../../../src/controller/endpoints-objects.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { clusterId } from '../../../src/domain/names.ts';
import { nodeRecord, type NodeRecord } from '../../../src/domain/topology.ts';
import { endpoints, services } from '../../../src/kube/resources.ts';
import { FakeApi } from './fake-api.ts';

const cluster = clusterId('default');
const name = { namespace: 'brickyard', name: 'gluster-default' };

function node(id: string, storage: string, state = 'online'): NodeRecord {
  return nodeRecord.parse({ id, cluster, zone: '1', manage: storage, storage, state });
}

interface World {
  readonly api: FakeApi;
  nodes: NodeRecord[];
  names: Record<string, readonly string[]>;
  /** Reason and kind of each event. */
  readonly shouted: readonly string[];
  reconcile(): Promise<EndpointsResult>;
}

function world(...nodes: NodeRecord[]): World {
  const api = new FakeApi();
  const shouted: string[] = [];
  const made: World = {
    api,
    nodes,
    names: {},
    shouted,
    reconcile: () => reconciler.reconcile(cluster, new AbortController().signal),
  };
  const reconciler = new EndpointsReconciler({
    api,
    engine: { nodes: () => made.nodes },
    events: { record: ({ about, reason }) => void shouted.push(`${reason} ${about.kind}`) },
    log: silentLog,
    namespace: 'brickyard',
    resolve: async (host) => {
      const addresses = made.names[host];
      if (addresses === undefined) {
        throw new Error(`ENOTFOUND ${host}`);
      }
      return addresses;
    },
  });
  return made;
}

const three = (): NodeRecord[] => [node('c', '10.0.0.3'), node('a', '10.0.0.1'), node('b', '10.0.0.2')];

function offered({ api }: World): unknown {
  return api.raw(endpoints, name)?.['subsets'];
}

describe('the Endpoints of a cluster', () => {
  it('are made with their Service, in our own namespace, for all nodes', async () => {
    const w = world(...three());
    await expect(w.reconcile()).resolves.toEqual({ kind: 'right' });
    const labels = { 'app.kubernetes.io/managed-by': 'brickyard', 'brickyard.dev/cluster': 'default' };
    expect(w.api.raw(services, name)).toMatchObject({
      metadata: { ...name, labels },
      spec: { clusterIP: 'None', ports: [{ port: 1, protocol: 'TCP' }] },
    });
    expect(w.api.raw(endpoints, name)).toMatchObject({
      metadata: { ...name, labels },
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.0.0.3' }],
          ports: [{ port: 1, protocol: 'TCP' }],
        },
      ],
    });
  });

  it('are not written when they are right', async () => {
    const w = world(...three());
    await w.reconcile();
    w.nodes = three().toReversed();
    await expect(w.reconcile()).resolves.toEqual({ kind: 'right' });
    expect(w.api.writes).toEqual(['create services', 'create endpoints']);
  });

  it('come back when somebody deletes them, or the Service whose loss takes them along', async () => {
    const w = world(...three());
    await w.reconcile();
    w.api.drop(endpoints, name);
    await w.reconcile();
    w.api.drop(services, name);
    w.api.drop(endpoints, name);
    await w.reconcile();
    expect(w.api.raw(services, name)).toBeDefined();
    expect(offered(w)).toMatchObject([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.0.0.3' }] }]);
  });

  it('follow the nodes: those that serve on stay, those that are given up go', async () => {
    const w = world(...three());
    await w.reconcile();
    w.nodes = [node('a', '10.0.0.1', 'offline'), node('b', '10.0.0.2', 'failed'), node('d', '10.0.0.4')];
    await w.reconcile();
    expect(offered(w)).toMatchObject([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.4' }] }]);
    expect(w.api.writes.slice(2)).toEqual(['patch endpoints']);
  });

  it('are put right when somebody edits them', async () => {
    const w = world(...three());
    await w.reconcile();
    w.api.put(endpoints, {
      ...w.api.raw(endpoints, name),
      subsets: [{ addresses: [{ ip: '10.9.9.9' }], notReadyAddresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }],
    });
    w.api.put(services, { ...w.api.raw(services, name), spec: { selector: { app: 'x' }, ports: [] } });
    await w.reconcile();
    expect(offered(w)).toMatchObject([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.0.0.3' }] }]);
    expect(w.api.raw(services, name)?.['spec']).not.toHaveProperty('selector');
  });

  it('have no subset while the cluster has no nodes', async () => {
    const w = world();
    await w.reconcile();
    await w.reconcile();
    expect(offered(w)).toEqual([]);
    expect(w.api.writes).toHaveLength(2);
  });
});

describe("an object of somebody else's with our name", () => {
  it.each([
    ['Service', services, { spec: { ports: [] } }],
    ['Endpoints', endpoints, { subsets: [] }],
  ] as const)('is left alone and shouted about: %s', async (kind, resource, body) => {
    const w = world(...three());
    w.api.put(resource, { metadata: { ...name, labels: { app: 'theirs' } }, ...body });
    const before = structuredClone(w.api.raw(resource, name));
    await expect(w.reconcile()).resolves.toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining(`${kind} brickyard/gluster-default was not made by Brickyard`) as string,
    });
    expect(w.api.raw(resource, name)).toEqual(before);
    expect(w.shouted).toEqual([`NameTaken ${kind}`]);
  });
});

describe('nodes with DNS names', () => {
  it('are looked up', async () => {
    const w = world(node('a', 'a.storage.example'), node('b', '10.0.0.2'));
    w.names = { 'a.storage.example': ['10.0.0.9', '10.0.0.1'] };
    await expect(w.reconcile()).resolves.toEqual({ kind: 'right' });
    expect(offered(w)).toMatchObject([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.0.0.9' }] }]);
  });

  it('keep the address of yesterday while the name server is away', async () => {
    const w = world(node('a', 'a.storage.example'), node('b', '10.0.0.2'));
    w.names = { 'a.storage.example': ['10.0.0.1'] };
    await w.reconcile();
    w.names = {};
    w.nodes = [...w.nodes, node('c', '10.0.0.3')];
    await expect(w.reconcile()).resolves.toEqual({
      kind: 'partial',
      reason: 'node a: a.storage.example cannot be looked up: ENOTFOUND a.storage.example',
    });
    expect(offered(w)).toMatchObject([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '10.0.0.3' }] }]);
  });

  it('that name the machine itself are left out, with the reason', async () => {
    const w = world(node('a', 'localhost'), node('b', '10.0.0.2'));
    w.names = { localhost: ['127.0.0.1'] };
    await expect(w.reconcile()).resolves.toMatchObject({
      kind: 'partial',
      reason: 'node a: localhost: 127.0.0.1 means each machine itself',
    });
    expect(offered(w)).toMatchObject([{ addresses: [{ ip: '10.0.0.2' }] }]);
  });
});

describe('addresses', () => {
  it.each(['127.0.0.1', '127.1.2.3', '169.254.1.1', '224.0.0.1', '0.0.0.0', '::1', '::', 'fe80::1', 'ff02::1', 'name'])(
    '%s are not for Endpoints',
    (address) => {
      expect(addressProblem(address)).toBeDefined();
    },
  );

  it.each(['10.0.0.1', '192.168.1.1', '223.255.255.1', '2001:db8::1', 'fd00::1'])('%s are', (address) => {
    expect(addressProblem(address)).toBeUndefined();
  });

  it('are sorted without doubles, IPv4 first', () => {
    expect(sortAddresses(['fd00::1', '10.0.0.2', '10.0.0.1', '10.0.0.2'])).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::1']);
  });
});
