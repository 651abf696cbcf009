import { afterEach, describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { controllerHolder, nodeHolder } from '../../../src/agent/certificates/folder.ts';
import type { Agent } from '../../../src/agent/server/agent.ts';
import type { AgentStorageNodes } from '../../../src/agent/client/storage-nodes.ts';
import { verbNames } from '../../../src/agent/protocol/verbs.ts';
import { main } from '../../../src/cli/main.ts';
import { hostName, nodeId } from '../../../src/domain/names.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { StorageNodes } from '../../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import type { JsonObject } from '../../../src/sandbox/api/json.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientTo, forever, nodeAt, portOf, Proxy, startTestAgent, TestCertificates } from '../agent/bench.ts';
import { House, type HouseOptions } from '../controller/house.ts';
import { anchors, neverSeen, seen, shown } from './page.ts';

let house: House | undefined;
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await house?.close();
  house = undefined;
  for (const cleanUp of cleanUps.splice(0).toReversed()) {
    await cleanUp();
  }
});

const open = async (options?: HouseOptions): Promise<House> => {
  house = await House.open(options);
  return house;
};

/** The first event of ours about the object that has that reason. */
const told = (home: House, uid: string, reason: string): Promise<string> =>
  waitFor(`an event ${reason}`, () => home.eventsAbout(uid).find((event) => event.startsWith(`${reason}: `)));

/** What a user gets to see who makes a claim like this. */
async function claimed(home: House, spec: JsonObject = {}): Promise<string> {
  return told(home, home.createClaim('data', 'default', spec).metadata.uid, 'ProvisioningFailed');
}

const asking = (storage: string): JsonObject => ({ resources: { requests: { storage } } });

/** Standard output and error of the command line. */
async function cli(...argv: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  await main(argv, { out: line, err: line, interactive: false, confirm: async () => false, environment: {} });
  return lines.join('\n');
}

async function written(name: string, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'brickyard-mistake-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, name), content);
  return folder;
}

const refusedBy = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'let through';
};

describe('the message of a mistake is the one in docs/troubleshooting.md', () => {
  it('unknown class parameter', async () => {
    const home = await open();
    home.deleteClass();
    home.createClass({ parameters: { volumtype: 'replicate:3' } });
    const uid = home.sandbox.api.find({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'gluster' });
    const metadata = uid?.['metadata'] as { readonly uid: string };
    expect(shown('unknown-class-parameter')).toContain(seen(await told(home, metadata.uid, 'InvalidStorageClass')));
    expect(shown('unknown-class-parameter')).toContain(seen(await claimed(home)));
  });

  it('two nodes and replica 3', async () => {
    expect(shown('two-nodes-and-replica-3')).toContain(seen(await claimed(await open({ nodes: 2 }))));
  });

  it('typo in the topology', async () => {
    const node = `{node: {zone: 1, hostnames: {manage: [node-1], storage: [10.0.0.1]}}, devcies: [/dev/vdb]}`;
    const folder = await written('topology.yaml', `clusters: [{nodes: [${node}]}]`);
    const file = join(folder, 'topology.yaml');
    expect(shown('typo-in-the-topology')).toContain(
      seen(await cli('topology', 'load', file, '--state-dir', folder, '--yes')),
    );
    expect(shown('typo-in-the-topology')).toContain(seen(await cli('lint', file)));
  });

  it('claim too big', async () => {
    expect(shown('claim-too-big')).toContain(seen(await claimed(await open(), asking('300Gi'))));
  });

  it('wrong access mode', async () => {
    const home = await open();
    const modes = { accessModes: ['ReadWriteAll'] };
    expect(shown('wrong-access-mode')).toContain(seen(refusedBy(() => home.createClaim('data', 'default', modes))));
    const claim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteAll]
  storageClassName: gluster
  resources: {requests: {storage: 1Gi}}
`;
    const folder = await written('claim.yaml', claim);
    expect(shown('wrong-access-mode')).toContain(seen(await cli('lint', join(folder, 'claim.yaml'))));
  });

  it('block mode', async () => {
    expect(shown('block-mode')).toContain(seen(await claimed(await open(), { volumeMode: 'Block' })));
  });

  it('shrinking', async () => {
    const home = await open({ serverVersion: 'v1.34.1', storageClass: { allowVolumeExpansion: true } });
    await home.bound('data', 'default', asking('2Gi'));
    expect(shown('shrinking')).toContain(seen(refusedBy(() => home.resizeClaim('data', '1Gi'))));
  });

  it('missing right to create PersistentVolumes', async () => {
    const home = await open();
    home.sandbox.faults.add({
      match: { verb: 'create', resource: 'persistentvolumes' },
      action: { do: 'refuse', code: 403 },
    });
    expect(shown('missing-rbac')).toContain(seen(await claimed(home)));
  });

  it('missing right to say how far a growth is', async () => {
    const home = await open({ storageClass: { allowVolumeExpansion: true } });
    await home.bound('data', 'default', asking('1Gi'));
    home.sandbox.faults.add({
      match: { verb: 'patch', resource: 'persistentvolumeclaims/status' },
      action: { do: 'refuse', code: 403 },
    });
    home.resizeClaim('data', '2Gi');
    expect(shown('missing-rbac')).toContain(
      seen(await told(home, home.claim('data')?.metadata.uid ?? '', 'VolumeResizeFailed')),
    );
  });

  describe('with an agent', () => {
    it('that cannot be reached', async () => {
      const { home, proxy } = await withAgent();
      await proxy.close();
      expect(shown('unreachable-agent')).toContain(seen(await claimed(home)));
    });

    it('whose certificate has expired', async () => {
      const { home, proxy, certificates } = await withAgent();
      await certificates.renewLongAgo(nodeHolder(nodeId('node-1')));
      await waitFor('the agent shows it', () => shownUntil(proxy.port).then((until) => until < Date.now()));
      proxy.cut();
      expect(shown('expired-certificate')).toContain(seen(await claimed(home)));
    });

    it('to which the controller shows a certificate that has expired', async () => {
      const { home, certificates, client } = await withAgent();
      await certificates.renewLongAgo(controllerHolder);
      const asked = (): Promise<unknown> => client.readiness(nodeAt('node-1'), forever);
      await waitFor('the controller shows it', () =>
        asked().then(
          () => false,
          () => true,
        ),
      );
      expect(shown('expired-certificate')).toContain(seen(await claimed(home)));
    });
  });
});

/** Until when the certificate is good that is shown there, in milliseconds. */
async function shownUntil(port: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return Date.parse(socket.getPeerCertificate().valid_to);
  } finally {
    socket.destroy();
  }
}

interface WithAgent {
  readonly home: House;
  readonly proxy: Proxy;
  readonly certificates: TestCertificates;
  readonly client: AgentStorageNodes;
}

/** Three nodes, of which node-1 is reached by its agent only. */
async function withAgent(): Promise<WithAgent> {
  const certificates = await TestCertificates.make(['node-1']);
  cleanUps.push(() => certificates.remove());
  let agent: Agent | undefined;
  let client: AgentStorageNodes | undefined;
  const proxy = await Proxy.start(() => portOf(agent?.url ?? ''));
  cleanUps.push(() => proxy.close().catch(() => undefined));
  const options: HouseOptions = {
    storage: ({ runner }) => {
      const direct = createCommandStorageNodes({ runner });
      const starting = startTestAgent({ nodes: direct, certDir: certificates.node('node-1') }).then((started) => {
        agent = started;
        cleanUps.push(() => started.close(AbortSignal.abort()));
        return waitFor('the agent is ready', () => started.ready);
      });
      const made = clientTo(proxy.port, certificates.controller, { silenceMs: 2_000 });
      client = made;
      cleanUps.push(async () => made.close());
      return byNode(direct, made, starting);
    },
  };
  const home = await open(options);
  if (client === undefined) {
    throw new Error('nobody asked for a way to the nodes');
  }
  return { home, proxy, certificates, client };
}

/** `client` for node-1, which it finds on this machine, and `direct` for the others. */
function byNode(direct: StorageNodes, client: StorageNodes, ready: Promise<unknown>): StorageNodes {
  type Call = (node: NodeRef, ...rest: readonly unknown[]) => Promise<unknown>;
  const entries = verbNames.map((verb) => {
    const call: Call = async (node, ...rest) => {
      await ready;
      return node.id === 'node-1'
        ? (client[verb] as Call)({ ...node, manage: hostName('127.0.0.1') }, ...rest)
        : (direct[verb] as Call)(node, ...rest);
    };
    return [verb, call] as const;
  });
  return Object.fromEntries(entries) as unknown as StorageNodes;
}

it('the page has each anchor once, and no message that nobody gets to see', () => {
  expect(new Set(anchors).size).toBe(anchors.length);
  // The tests above come first, all of them.
  expect(neverSeen()).toEqual([]);
});
