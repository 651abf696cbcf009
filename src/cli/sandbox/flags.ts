/** What the command line says about a sandbox. */
export interface SandboxFlags {
  readonly once: boolean;
  readonly claims: number;
  /** Seconds for all claims together to get bound, and to be gone again. */
  readonly wait: number;
  readonly port: number;
  readonly kubeconfig?: string;
  readonly stateDir?: string;
  readonly serverVersion?: string;
  readonly zones: number;
  readonly nodes: number;
  readonly devices: number;
  readonly deviceSize: number;
  readonly topology?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}
