/** What a claim asks for, and everything in it that nobody, or not we, can give: by the claim alone. */
import { messageOf } from '../domain/error-message.ts';
import { NameError, volumeId, type VolumeId } from '../domain/names.ts';
import { parseQuantity, type Bytes } from '../domain/quantity.ts';
import type { PersistentVolumeClaim } from '../kube/resources.ts';

/** One thing that cannot be as written. */
export interface FieldProblem {
  /** Keys from the top of the object down to the field. */
  readonly path: readonly string[];
  /** `<field>: expected ..., got ...`, or what to do instead. */
  readonly message: string;
}

export interface ClaimProblem extends FieldProblem {
  /** It is wrong whoever provisions; otherwise others may well be able to. */
  readonly general: boolean;
}

export type ReadClaim = { readonly problems: readonly ClaimProblem[] } & (
  | { readonly ok: true; readonly id: VolumeId; readonly size: Bytes }
  | { readonly ok: false }
);

/** What its author can do: the API server lets nobody change the spec of a claim, its size aside. */
export const putClaimRight = 'Put it right, delete the claim and create it anew';

/** Modes that gluster can give: every node may mount a volume, so it is for Kubernetes to hold the narrower ones. */
const supportedModes: ReadonlySet<string> = new Set([
  'ReadWriteOnce',
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOncePod',
]);

/** Never throws: whatever is wrong is in the list of problems, all of it at once. */
export function readClaim(claim: PersistentVolumeClaim): ReadClaim {
  const problems = [...notOurs(claim), ...modeProblems(claim.spec.accessModes)];
  try {
    const size = sizeOf(claim.spec.resources.requests['storage']);
    const id = volumeId(claim.metadata.uid, 'metadata.uid');
    return problems.length === 0 ? { ok: true, problems, id, size } : { ok: false, problems };
  } catch (error) {
    if (error instanceof RangeError || error instanceof NameError) {
      const path = error instanceof NameError ? ['metadata', 'uid'] : sizePath;
      return { ok: false, problems: [...problems, { path, message: error.message, general: true }] };
    }
    throw error;
  }
}

/** What other provisioners may be able to give. */
function notOurs(claim: PersistentVolumeClaim): ClaimProblem[] {
  const { spec } = claim;
  const source = sourceField(claim);
  const problem = (field: string, message: string): ClaimProblem => ({
    path: ['spec', field],
    message: `spec.${field}: ${message}`,
    general: false,
  });
  return [
    ...(spec.volumeMode === 'Block'
      ? [problem('volumeMode', 'expected Filesystem, got Block; gluster volumes cannot be raw devices')]
      : []),
    ...(spec.selector === undefined
      ? []
      : [
          problem(
            'selector',
            'expected none; a selector chooses among existing volumes, and this one would be made new',
          ),
        ]),
    ...(source === undefined || isForPopulator(claim)
      ? []
      : [problem(source, 'expected none; volumes cannot be made from snapshots or other claims')]),
  ];
}

/** The field that names what the volume is to be made from. */
function sourceField({ spec }: PersistentVolumeClaim): 'dataSource' | 'dataSourceRef' | undefined {
  if (spec.dataSource !== undefined) {
    return 'dataSource';
  }
  return spec.dataSourceRef === undefined ? undefined : 'dataSourceRef';
}

/** Kinds that a provisioner makes a volume from itself, as `group/kind`. */
const provisionersSources: ReadonlySet<string> = new Set([
  '/PersistentVolumeClaim',
  'snapshot.storage.k8s.io/VolumeSnapshot',
]);

/**
 * Does a volume populator serve it? Whatever is no snapshot and no claim is for one: that has a claim of its own served,
 * without a data source, fills the volume, and gives it to this claim. Until then there is nothing to do, nor to say.
 */
export function isForPopulator({ spec }: PersistentVolumeClaim): boolean {
  const source = spec.dataSourceRef ?? spec.dataSource;
  return source !== undefined && !provisionersSources.has(`${source.apiGroup ?? ''}/${source.kind}`);
}

function modeProblems(modes: readonly string[]): ClaimProblem[] {
  const strange = modes.filter((mode) => !supportedModes.has(mode));
  if (modes.length > 0 && strange.length === 0) {
    return [];
  }
  const got = modes.length === 0 ? 'none' : strange.join(', ');
  const message = `spec.accessModes: expected one or more of ${[...supportedModes].join(', ')}, got ${got}`;
  return [{ path: ['spec', 'accessModes'], message, general: true }];
}

const sizePath = ['spec', 'resources', 'requests', 'storage'];

/** A size that a claim asks for. Throws RangeError when there is no size, or none that can be. */
export function sizeOf(text: string | undefined): Bytes {
  const field = sizePath.join('.');
  if (text === undefined) {
    throw new RangeError(`${field}: expected a size such as 10Gi, got none`);
  }
  let size: Bytes;
  try {
    size = parseQuantity(text);
  } catch (error) {
    throw new RangeError(`${field}: ${messageOf(error)}`, { cause: error });
  }
  if (size === 0) {
    throw new RangeError(`${field}: expected a size of more than 0, got ${JSON.stringify(text)}`);
  }
  return size;
}
