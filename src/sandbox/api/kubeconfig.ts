/** A kubeconfig for the sandbox, as YAML text; kubectl and client libraries take it as it is. */
import { stringify } from 'yaml';

/** `server` is the base URL with the secret path in it. */
export function kubeconfig(server: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'brickyard-sandbox', // client-node speaks plain HTTP only to a server whose certificate it would not check either.
        cluster: { server, 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'brickyard-sandbox', user: { token } }],
    contexts: [
      {
        name: 'brickyard-sandbox',
        context: { cluster: 'brickyard-sandbox', user: 'brickyard-sandbox', namespace: 'default' },
      },
    ],
    'current-context': 'brickyard-sandbox',
  });
}
