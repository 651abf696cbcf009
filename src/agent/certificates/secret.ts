import { stringify } from 'yaml';
import type { KeyPair } from './issue.ts';
import type { Holder } from './folder.ts';

/** What the Secret of a holder is called: `brickyard-controller-tls`, `brickyard-agent-tls-node-a`. */
function secretName({ node }: Holder): string {
  return node === undefined ? 'brickyard-controller-tls' : `brickyard-agent-tls-${node}`;
}

/** A Secret of type kubernetes.io/tls as YAML, with the file names that a mount of it is to have. */
export function secretYaml(
  holder: Holder,
  { cert, key, ca }: KeyPair & { readonly ca: string },
  namespace: string,
): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName(holder), namespace, labels: { 'app.kubernetes.io/name': 'brickyard' } },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(cert), 'tls.key': base64(key), 'ca.crt': base64(ca) },
    },
    { lineWidth: 0 },
  );
}
