/** Where the scenarios run and who serves them, as the environment says. */

export interface Installed {
  readonly provisioner: string;
  /** Where it keeps its Endpoints. */
  readonly namespace: string;
}

export interface Place {
  /** Absent: a sandbox API of the test's own. */
  readonly kubeconfig: string | undefined;
  /** The controller that serves. Absent: each scenario starts one of its own, out of the cluster. */
  readonly installed: Installed | undefined;
}

const valueOf = (environment: NodeJS.ProcessEnv, name: string): string | undefined =>
  environment[name] === '' ? undefined : environment[name];

/** Throws when a variable is not what it may be, or does not go with another one. */
export function placeOf(environment: NodeJS.ProcessEnv): Place {
  const cluster = valueOf(environment, 'BRICKYARD_TEST_CLUSTER');
  const controller = valueOf(environment, 'BRICKYARD_TEST_CONTROLLER') ?? 'process';
  if (cluster !== undefined && cluster !== 'sandbox') {
    throw new Error(`BRICKYARD_TEST_CLUSTER: expected sandbox or nothing, got ${cluster}`);
  }
  if (controller !== 'process' && controller !== 'cluster') {
    throw new Error(`BRICKYARD_TEST_CONTROLLER: expected process or cluster, got ${controller}`);
  }
  // `npm test` says sandbox, so that nobody's real cluster is touched by accident.
  const kubeconfig = cluster === 'sandbox' ? undefined : valueOf(environment, 'KUBECONFIG');
  if (controller === 'process') {
    return { kubeconfig, installed: undefined };
  }
  if (kubeconfig === undefined) {
    throw new Error(
      'BRICKYARD_TEST_CONTROLLER: cluster needs KUBECONFIG, and not BRICKYARD_TEST_CLUSTER=sandbox: no controller is installed in the sandbox',
    );
  }
  return {
    kubeconfig,
    installed: {
      provisioner: valueOf(environment, 'BRICKYARD_TEST_PROVISIONER') ?? 'brickyard.dev/glusterfs',
      namespace: valueOf(environment, 'BRICKYARD_TEST_NAMESPACE') ?? 'brickyard',
    },
  };
}
