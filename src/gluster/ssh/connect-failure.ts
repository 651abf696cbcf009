/** Why there is no connection. `unreachable`: another try may do. `refused`: not before somebody changes something. */
export interface ConnectFailure {
  readonly kind: 'failure';
  readonly cause: 'unreachable' | 'refused';
  readonly reason: string;
  /** The host is perhaps not the one that is meant: worth an error in the log. */
  readonly alarming: boolean;
}

export const refused = (reason: string): ConnectFailure => ({
  kind: 'failure',
  cause: 'refused',
  reason,
  alarming: false,
});
