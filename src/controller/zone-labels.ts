/** The labels of Kubernetes nodes that say which zone a node is in. */
import type { KubeNode } from '../kube/resources.ts';

export const zoneLabel = 'topology.kubernetes.io/zone';
/** The same under its older name, which 1.17 and later still understand. */
const betaZoneLabel = 'failure-domain.beta.kubernetes.io/zone';

export function isZoneLabel(key: string): boolean {
  return key === zoneLabel || key === betaZoneLabel;
}

/** `undefined`: the node says nothing. */
export function zoneOfNode({ metadata }: Pick<KubeNode, 'metadata'>): string | undefined {
  const zone = metadata.labels[zoneLabel] ?? metadata.labels[betaZoneLabel] ?? '';
  return zone === '' ? undefined : zone;
}
