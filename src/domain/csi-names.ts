/**
 * What a PersistentVolume of the form `csi` says, and what the node plugin reads in it: the driver's name, and the
 * attributes that name a gluster volume and where to look up its servers.
 */
import { clusterId, NameError, volumeName, type ClusterId, type VolumeName } from './names.ts';
import { nearest } from './nearest.ts';

/** In `spec.csi.driver`, as the name of the CSIDriver object, and in what the plugin says of itself to kubelets. */
export const csiDriverName = 'glusterfs.brickyard.dev';

/** Keys of `spec.csi.volumeAttributes`. */
export const csiAttribute = {
  /** Namespace of the Endpoints. */
  endpointsNamespace: 'endpointsNamespace',
  /** Name of the Endpoints object whose addresses are the servers, at the time of the mount. */
  endpoints: 'endpoints',
  /** What gluster calls the volume. */
  volume: 'volume',
  /** The gluster cluster that holds it. For people and logs: nothing is looked up by it. */
  cluster: 'cluster',
} as const;

export interface CsiVolume {
  readonly endpointsNamespace: string;
  readonly endpoints: string;
  readonly volume: VolumeName;
  /** Absent in PersistentVolumes that people wrote for volumes of yesterday. */
  readonly cluster?: ClusterId | undefined;
}

export function csiAttributesOf(volume: CsiVolume): Record<string, string> {
  return {
    [csiAttribute.endpointsNamespace]: volume.endpointsNamespace,
    [csiAttribute.endpoints]: volume.endpoints,
    [csiAttribute.volume]: volume.volume,
    ...(volume.cluster === undefined ? {} : { [csiAttribute.cluster]: volume.cluster }),
  };
}

/** Namespaces are labels; names of Endpoints are subdomains. */
const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Reads the attributes back. Keys with a `/` are Kubernetes' own and left alone; any other that is unknown is refused,
 * since it is most likely a misspelt one. Throws NameError, naming the attribute as `<field>.<key>`.
 */
export function readCsiAttributes(attributes: Readonly<Record<string, string>>, field = 'volumeAttributes'): CsiVolume {
  const known: readonly string[] = Object.values(csiAttribute);
  for (const key of Object.keys(attributes).filter((each) => !each.includes('/') && !known.includes(each))) {
    const meant = nearest(key, known);
    throw new NameError(field, meant === undefined ? `only ${known.join(', ')}` : `${meant}, not another key`, key);
  }
  const at = (key: string): string => `${field}.${key}`;
  const checked = (key: string, grammar: RegExp, expected: string): string => {
    const value = attributes[key] ?? '';
    if (!grammar.test(value)) {
      throw new NameError(at(key), expected, value);
    }
    return value;
  };
  const cluster = attributes[csiAttribute.cluster];
  return {
    endpointsNamespace: checked(csiAttribute.endpointsNamespace, label, 'the name of a namespace'),
    endpoints: checked(csiAttribute.endpoints, subdomain, 'the name of an Endpoints object'),
    volume: volumeName(attributes[csiAttribute.volume] ?? '', at(csiAttribute.volume)),
    ...(cluster === undefined ? {} : { cluster: clusterId(cluster, at(csiAttribute.cluster)) }),
  };
}
