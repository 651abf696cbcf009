/**
 * The ServiceAccount that the kubelet mounts into a pod, read without the client library, which costs a process that needs
 * nothing else of it some 60 MiB. The rules are those of client-go's InClusterConfig:
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../domain/error-message.ts';
import { KubeError } from './errors.ts';

/** Where every pod finds it. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What the pod's environment says of the API server, and what its files say of us. */
export class ServiceAccount {
  /** `https://host:port`; never plain HTTP, because the token goes there. */
  readonly origin: string;
  readonly #folder: string;

  /** Throws KubeError of kind `setup`, naming the variable that is missing or wrong. */
  constructor(environment: Readonly<Record<string, string | undefined>>, folder = serviceAccountFolder) {
    const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
    const port = environment['KUBERNETES_SERVICE_PORT'] ?? '';
    if (!/^[0-9a-zA-Z.:-]+$/.test(host)) {
      throw problem('KUBERNETES_SERVICE_HOST', 'expected the address of the API server', host);
    }
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw problem('KUBERNETES_SERVICE_PORT', 'expected a port from 1 to 65535', port);
    }
    this.origin = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#folder = folder;
  }

  /**
   * Reads token and authority anew: the kubelet replaces both long before they expire. Throws KubeError of kind `setup`,
   * naming the file that is missing or empty.
   */
  async read(): Promise<{ readonly token: string; readonly ca: string }> {
    const [token, ca] = await Promise.all([this.#file('token'), this.#file('ca.crt')]);
    return { token, ca };
  }

  async #file(name: string): Promise<string> {
    const path = join(this.#folder, name);
    let text: string;
    try {
      text = (await readFile(path, 'utf8')).trim();
    } catch (error) {
      const got = messageOf(error);
      throw new KubeError(`service account: expected a readable file ${path}, got ${got}`, { ...setup, cause: error });
    }
    if (text === '') {
      throw new KubeError(`service account: expected something in ${path}, got an empty file`, setup);
    }
    return text;
  }
}

const setup = { kind: 'setup', unsent: true } as const;

function problem(variable: string, expected: string, got: string): KubeError {
  return new KubeError(`service account: ${variable}: ${expected}, got ${JSON.stringify(got)}`, setup);
}
