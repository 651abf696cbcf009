/** Which machines can be asked for a volume: the addresses in the Endpoints object of its cluster, at this moment. */
import type { CsiVolume } from '../domain/csi-names.ts';
import { messageOf } from '../domain/error-message.ts';
import { hostName, type HostName } from '../domain/names.ts';
import { done, failed, waiting, type Outcome } from '../domain/outcome.ts';
import type { KubeApi } from '../kube/api.ts';
import { isAborted, isForbidden, isTransient } from '../kube/errors.ts';
import { endpoints, type Endpoints } from '../kube/resources/endpoints.ts';
import type { CallContext } from './mounts/api.ts';

export interface Servers {
  /** At least one. `waiting` while there is none, or nobody to ask; `failed` when asking is not allowed. */
  of(volume: CsiVolume, context: CallContext): Promise<Outcome<readonly HostName[]>>;
}

/** The one call that is needed of a Kubernetes API. */
export type EndpointsApi = Pick<KubeApi, 'get'>;

export function serversFrom(api: EndpointsApi): Servers {
  return {
    async of({ endpointsNamespace: namespace, endpoints: name }, { signal }) {
      const object = `Endpoints ${namespace}/${name}`;
      try {
        return serversIn(object, await api.get(endpoints, { namespace, name }, { signal }));
      } catch (error) {
        return setback(object, error);
      }
    },
  };
}

function serversIn(object: string, found: Endpoints | undefined): Outcome<readonly HostName[]> {
  if (found === undefined) {
    return waiting(
      { what: 'condition', name: object },
      `${object}: there is no such object; is the controller running?`,
    );
  }
  const { subsets } = found;
  const ips = [
    ...subsets.flatMap(({ addresses }) => addresses),
    // Whatever somebody thinks of them, they may answer, and are asked last.
    ...subsets.flatMap(({ notReadyAddresses }) => notReadyAddresses),
  ].map(({ ip }) => hostName(ip, object));
  return ips.length === 0
    ? waiting({ what: 'condition', name: object }, `${object}: expected the addresses of storage nodes, got none`)
    : done([...new Set(ips)]);
}

function setback(object: string, error: unknown): Outcome<never> {
  const said = `${object} could not be read: ${messageOf(error)}`;
  if (isForbidden(error)) {
    return failed(`${said}; the plugin's service account needs the right to "get" it`);
  }
  return isTransient(error) || isAborted(error)
    ? waiting({ what: 'condition', name: 'the Kubernetes API' }, said)
    : failed(said);
}
