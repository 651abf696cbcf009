import { describe, expect, it } from 'vitest';
import { ServiceAccount } from '../../../src/kube/service-account.ts';

const originWith = (host: string | undefined, port: string | undefined): string =>
  new ServiceAccount({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }).origin;

describe('where a pod finds its API server', () => {
  it.each([
    ['10.96.0.1', '443', 'https://10.96.0.1:443'],
    ['fd00:10:96::1', '6443', 'https://[fd00:10:96::1]:6443'],
    ['kubernetes.default.svc', '443', 'https://kubernetes.default.svc:443'],
    // Never in the clear, whatever the port may mean elsewhere.
    ['10.96.0.1', '80', 'https://10.96.0.1:80'],
  ])('%s and %s are %s', (host, port, origin) => {
    expect(originWith(host, port)).toBe(origin);
  });

  it.each([
    [undefined, '443', 'KUBERNETES_SERVICE_HOST: expected the address of the API server, got ""'],
    ['evil/path', '443', 'KUBERNETES_SERVICE_HOST: expected the address of the API server, got "evil/path"'],
    ['user@host', '443', 'KUBERNETES_SERVICE_HOST: expected the address of the API server, got "user@host"'],
    ['10.96.0.1', undefined, 'KUBERNETES_SERVICE_PORT: expected a port from 1 to 65535, got ""'],
    ['10.96.0.1', '0', 'KUBERNETES_SERVICE_PORT: expected a port from 1 to 65535, got "0"'],
    ['10.96.0.1', '70000', 'KUBERNETES_SERVICE_PORT: expected a port from 1 to 65535, got "70000"'],
    ['10.96.0.1', 'tcp://1:2', 'KUBERNETES_SERVICE_PORT: expected a port from 1 to 65535, got "tcp://1:2"'],
  ])('%s and %s are a problem of the set-up that names the variable', (host, port, message) => {
    expect(() => originWith(host, port)).toThrow(
      expect.objectContaining({ kind: 'setup', message: `service account: ${message}` }),
    );
  });
});
