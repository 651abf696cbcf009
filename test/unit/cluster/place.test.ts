import { describe, expect, it } from 'vitest';
import { placeOf } from '../../cluster/support/place.ts';

describe('where scenarios run', () => {
  it.each([
    ['a sandbox, when nothing is said', {}, undefined],
    ['a sandbox, when that is asked for', { KUBECONFIG: '/a', BRICKYARD_TEST_CLUSTER: 'sandbox' }, undefined],
    ['the cluster of KUBECONFIG', { KUBECONFIG: '/a', BRICKYARD_TEST_CLUSTER: '' }, '/a'],
  ])('is %s, with a controller of their own', (_where, environment, kubeconfig) => {
    expect(placeOf(environment)).toEqual({ kubeconfig, installed: undefined });
  });

  it('may be a cluster with a controller in it, of the usual name or of another one', () => {
    const environment = { KUBECONFIG: '/a', BRICKYARD_TEST_CONTROLLER: 'cluster' };
    expect(placeOf(environment).installed).toEqual({ provisioner: 'brickyard.dev/glusterfs', namespace: 'brickyard' });
    const named = { BRICKYARD_TEST_PROVISIONER: 'example.com/gluster', BRICKYARD_TEST_NAMESPACE: 'storage' };
    expect(placeOf({ ...environment, ...named }).installed).toEqual({
      provisioner: 'example.com/gluster',
      namespace: 'storage',
    });
  });

  it.each([
    [{ BRICKYARD_TEST_CLUSTER: 'kind' }, 'BRICKYARD_TEST_CLUSTER: expected sandbox or nothing, got kind'],
    [{ BRICKYARD_TEST_CONTROLLER: 'pod' }, 'BRICKYARD_TEST_CONTROLLER: expected process or cluster, got pod'],
    [{ BRICKYARD_TEST_CONTROLLER: 'cluster' }, /cluster needs KUBECONFIG/],
    [
      { BRICKYARD_TEST_CONTROLLER: 'cluster', BRICKYARD_TEST_CLUSTER: 'sandbox', KUBECONFIG: '/a' },
      /no controller is installed in the sandbox/,
    ],
  ])('is refused when it is said wrongly: %j', (environment, message) => {
    expect(() => placeOf(environment)).toThrow(message);
  });
});
