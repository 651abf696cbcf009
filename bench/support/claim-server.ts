/** Where the claims of a bench are made: the sandbox's API in this process, or whatever KUBECONFIG names. */

/** Makes claims of 1 GiB, of the class and in the namespace of the bench, and tells when they are bound. */
export interface ClaimServer {
  /** Of the controller that is to serve them. */
  readonly kubeconfig: string;
  readonly provisioner: string;
  readonly namespace: string;
  /** May be called while a watcher is being told. */
  create(name: string): void;
  /** Calls `bound` with the name of every claim that becomes bound. Returns the way to stop that. */
  onBound(bound: (name: string) => void): Promise<() => void>;
  /**
   * Successful writes of the controller so far as the server has counted them; `undefined` where it is not ours to ask,
   * so that the controller's own metrics have to tell.
   */
  writes(): number | undefined;
  /** Takes away everything that was made, the controller still being at work. */
  cleanUp(): Promise<void>;
  close(): Promise<void>;
}

export function claimSpec(className: string) {
  return {
    accessModes: ['ReadWriteMany'],
    storageClassName: className,
    resources: { requests: { storage: '1Gi' } },
  };
}
