/** A kubeconfig for the sandbox, as YAML text; kubectl and client libraries take it as it is. */
import { stringify } from 'yaml';

export function kubeconfig(server: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'brickyard-sandbox', cluster: { server } }],
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
