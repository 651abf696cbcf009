/** The Service and the Endpoints of a gluster cluster: what they must say, and whether they say it. */
import { isIP } from 'node:net';
import type { ClusterId } from '../domain/names.ts';
import type { Endpoints, EndpointsBody, KubeObject, Service, ServiceBody } from '../kube/resources.ts';
import { clusterLabel, managedByBrickyard, managedByLabel } from './annotations.ts';
import { endpointsName } from './pv.ts';

/** Endpoints must have a port; mounts do not look at it. The same number as the in-tree provisioner wrote. */
const port = { port: 1, protocol: 'TCP' } as const;

function metadata(cluster: ClusterId, namespace: string) {
  return {
    name: endpointsName(cluster),
    namespace,
    labels: { [managedByLabel]: managedByBrickyard, [clusterLabel]: cluster },
  };
}

/** Without a Service of their name, kube-controller-manager would sweep the Endpoints away when it starts. */
export function serviceFor(cluster: ClusterId, namespace: string): ServiceBody {
  return { metadata: metadata(cluster, namespace), spec: { clusterIP: 'None', ports: [{ ...port }] } };
}

/** `addresses` are IP addresses in the order of `sortAddresses`. */
export function endpointsFor(cluster: ClusterId, namespace: string, addresses: readonly string[]): EndpointsBody {
  return { metadata: metadata(cluster, namespace), subsets: subsetsOf(addresses) };
}

/** The API server refuses a subset without addresses. */
export function subsetsOf(addresses: readonly string[]): NonNullable<EndpointsBody['subsets']> {
  return addresses.length === 0 ? [] : [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ ...port }] }];
}

/** Is it an object that Brickyard made for this cluster? */
export function isOurObject(object: KubeObject, cluster: ClusterId): boolean {
  const { labels } = object.metadata;
  return labels[managedByLabel] === managedByBrickyard && labels[clusterLabel] === cluster;
}

/** With a selector, kube-controller-manager would fill the Endpoints with pods. */
export function serviceIsRight(service: Service): boolean {
  return Object.keys(service.spec.selector).length === 0;
}

/** Every address that the object offers, sorted. */
export function addressesOf(endpoints: Endpoints): string[] {
  return sortAddresses(endpoints.subsets.flatMap((subset) => subset.addresses.map((address) => address.ip)));
}

/** Does it offer exactly these, in one subset on our port, and call none of them not ready? */
export function endpointsAreRight(endpoints: Endpoints, addresses: readonly string[]): boolean {
  const [subset, ...rest] = endpoints.subsets;
  if (subset === undefined || rest.length > 0) {
    return addresses.length === 0 && subset === undefined;
  }
  const [first, ...more] = subset.ports;
  return (
    first?.port === port.port &&
    more.length === 0 &&
    subset.notReadyAddresses.length === 0 &&
    sameList(addressesOf(endpoints), addresses)
  );
}

/** Without doubles; IPv4 before IPv6, then by text: the same set always gives the same list. */
export function sortAddresses(addresses: Iterable<string>): string[] {
  return [...new Set(addresses)].sort((a, b) => isIP(a) - isIP(b) || (a < b ? -1 : Number(a > b)));
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/**
 * Why the API server would refuse an address in Endpoints; `undefined` when it would not. Refused are addresses that
 * mean another machine on each machine: loopback, link-local, multicast and unspecified ones.
 */
export function addressProblem(address: string): string | undefined {
  switch (isIP(address)) {
    case 4:
      return /^(?:127\.|169\.254\.|22[4-9]\.|23\d\.|0\.0\.0\.0$)/.test(address)
        ? 'means each machine itself'
        : undefined;
    case 6:
      return /^(?:::1?$|fe[89ab]|ff)/i.test(address) ? 'means each machine itself' : undefined;
    default:
      return 'is not an IP address';
  }
}
