/**
 * Gluster volumes mounted on this node, as the CSI services need them. A volume is mounted once a node, at its staging
 * directory, by a client process that outlives this one; pods get it as bind mounts of that.
 *
 * Every call looks first, treats "already so" and "already gone" as success, and can be made again after any crash. The
 * outcomes are those of src/domain/outcome.ts.
 */
import type { HostName, VolumeName } from '../../domain/names.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { Bytes } from '../../domain/quantity.ts';

export interface CallContext {
  readonly signal: AbortSignal;
}

/** What is to be mounted. Two of these are the same mount when all fields but the servers are alike: those are only asked for the way there. */
export interface MountWish {
  readonly volume: VolumeName;
  /** Any of them can be asked for the volume's layout; at least one. Which is asked first depends on node and volume. */
  readonly servers: readonly HostName[];
  /** Options that passed the allow-list, `key` or `key=value`. */
  readonly options: readonly string[];
  readonly readOnly: boolean;
}

/** What stands at a directory. */
export type Standing =
  /** Nothing is mounted there, or there is no such directory. */
  | { readonly kind: 'nothing' }
  /** `volume`: absent when what is mounted is no gluster volume. */
  | { readonly kind: 'mounted'; readonly volume?: VolumeName; readonly readOnly: boolean }
  /** A mount whose client process is gone: every access gives ENOTCONN. */
  | { readonly kind: 'dead'; readonly volume?: VolumeName };

/** Of the mounted file system. */
export interface Usage {
  readonly bytes: { readonly total: Bytes; readonly used: Bytes; readonly available: Bytes };
  readonly inodes: { readonly total: number; readonly used: number; readonly available: number };
}

export interface Mounts {
  /**
   * The volume is mounted at `directory`, which is made if need be and cannot be written to while nothing is mounted there.
   * A dead mount there is replaced. `rejected`: something else is mounted there. `waiting`: no server answers (`node`), or too few
   * bricks do. `unknown`: a mount there hangs, or the attempt got no answer; the next one looks first.
   */
  stage(directory: string, wish: MountWish, context: CallContext): Promise<Outcome<void>>;
  /** Nothing is mounted at the directory, its client process is gone, and so is the directory. `waiting` while pods are shown it. */
  unstage(directory: string, context: CallContext): Promise<Outcome<void>>;
  /**
   * `target` shows what is mounted at `staged`; a dead mount at `target` is replaced. `rejected`: nothing is staged, or `target` shows
   * something else, or in another mode. `waiting`: the staged mount is dead.
   */
  publish(
    staged: string,
    target: string,
    options: { readonly readOnly: boolean },
    context: CallContext,
  ): Promise<Outcome<void>>;
  /** Nothing is mounted at `target`, and the directory is gone. */
  unpublish(target: string, context: CallContext): Promise<Outcome<void>>;
  /** Where else what is mounted at `staged` is shown now: the targets that were published and not unpublished. Sorted. */
  targets(staged: string, context: CallContext): Promise<Outcome<readonly string[]>>;
  /** `waiting` while the client lives and reaches too few bricks; `unknown` when it does not answer. Never waits for other calls. */
  look(directory: string, context: CallContext): Promise<Outcome<Standing>>;
  /** `waiting` when the mount is dead or does not answer in time; `rejected` when no gluster volume is mounted there. */
  usage(directory: string, context: CallContext): Promise<Outcome<Usage>>;
}
