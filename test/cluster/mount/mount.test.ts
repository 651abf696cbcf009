/**
 * What all of it is for: a pod writes to its volume, and another one reads that, later and elsewhere. Needs kubelets that
 * mount the form that PersistentVolumes have, and real storage behind it, which BRICKYARD_TEST_MOUNT=yes says. On kind's
 * nodes that takes the storage image and the node plugin, which are not there yet.
 */
import { randomBytes } from 'node:crypto';
import type { V1Volume } from '@kubernetes/client-node';
import { afterAll, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { startTestCluster, type TestCluster } from '../support/cluster.ts';
import { placeOf } from '../support/place.ts';
import { bound, createClaim, createClass, deleteClaim, nothingLeft, type ClaimRef } from '../support/objects.ts';

const isMountable = process.env['BRICKYARD_TEST_MOUNT'] === 'yes' && placeOf(process.env).installed !== undefined;
const image = process.env['BRICKYARD_TEST_IMAGE'] ?? 'busybox:1.36';

/** An image may have to be pulled first. */
const podPatience = 150_000;

let cluster: TestCluster | undefined;

afterAll(async () => {
  await cluster?.close();
});

/** Runs a pod that has the claim at /data to its successful end, and returns what it said. Nobody in it is root. */
async function pod(
  { core }: TestCluster,
  claim: ClaimRef,
  command: readonly string[],
  more?: V1Volume,
): Promise<string> {
  const { namespace } = claim;
  const name = `pod-${randomBytes(4).toString('hex')}`;
  const mounts = [
    { name: 'data', mountPath: '/data' },
    ...(more === undefined ? [] : [{ name: more.name, mountPath: '/more' }]),
  ];
  await core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 },
        containers: [{ name: 'main', image, command: [...command], volumeMounts: mounts }],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: claim.name } },
          ...(more === undefined ? [] : [more]),
        ],
      },
    },
  });
  const phase = await waitFor(
    `pod ${name} has ended`,
    async () => {
      const { status } = await core.readNamespacedPod({ namespace, name });
      return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? status.phase : undefined;
    },
    podPatience,
  );
  const said = await core.readNamespacedPodLog({ namespace, name });
  expect(phase, said).toBe('Succeeded');
  // Its end lets go of the claim.
  await core.deleteNamespacedPod({ namespace, name });
  return said;
}

it('what a pod writes through its mount, another one reads', { timeout: 600_000 }, async ({ skip }) => {
  skip(
    !isMountable,
    'needs an installed controller with real storage, and kubelets that mount it, which BRICKYARD_TEST_MOUNT=yes says',
  );
  cluster = await startTestCluster();
  const namespace = await cluster.namespace();
  const content = randomBytes(4096).toString('hex');
  await cluster.core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'content' }, data: { content } },
  });
  const claim = await createClaim(cluster, namespace, (await createClass(cluster)).metadata.name);
  await bound(cluster, claim);
  // By the volume's group, which the kubelet gives to the pod.
  await pod(cluster, claim, ['cp', '/more/content', '/data/content'], { name: 'more', configMap: { name: 'content' } });
  expect(await pod(cluster, claim, ['cat', '/data/content'])).toBe(content);
  await deleteClaim(cluster, claim);
  await nothingLeft(cluster, claim);
});
