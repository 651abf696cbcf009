/** PersistentVolumeClaims, read as the controller reads them. */
import { isForPopulator, readClaim } from '../../controller/claim-problems.ts';
import { classNameOf } from '../../controller/claims.ts';
import type { Bytes } from '../../domain/quantity.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../../kube/resources.ts';
import { parsedAs, type LintedClass } from './classes.ts';
import { problemAt, type LintProblem, type Subject } from './problem.ts';

export type LintedClaim =
  /** Of a class that is not ours, or that wants no new volume. */
  | { readonly kind: 'foreign'; readonly why: string }
  | { readonly kind: 'bad'; readonly problems: readonly LintProblem[] }
  /** It may be ours or not: its class is not in the input. What is wrong whoever provisions is in `problems`. */
  | { readonly kind: 'open'; readonly problems: readonly LintProblem[] }
  | {
      readonly kind: 'good';
      readonly subject: Subject;
      readonly size: Bytes;
      readonly storageClass: Exclude<LintedClass, { kind: 'foreign' }>;
    };

const defaultClass = 'storageclass.kubernetes.io/is-default-class';

/** What to write in place of what is wrong, by the last word of the field. */
const fixes: Readonly<Record<string, string>> = {
  volumeMode: 'write volumeMode: Filesystem, or leave it out',
  selector: 'take it out; to use a volume that exists, name it in spec.volumeName',
  dataSource: 'take it out, and copy the data into the new volume',
  dataSourceRef: 'take it out, and copy the data into the new volume',
  accessModes: 'write for example accessModes: [ReadWriteMany]',
  storage: 'write for example storage: 10Gi',
};

export function lintClaim(subject: Subject, classes: readonly LintedClass[]): LintedClaim {
  const claim = parsedAs(subject, (raw) => persistentVolumeClaims.parse(raw));
  if (!('metadata' in claim)) {
    return { kind: 'bad', problems: claim };
  }
  if (claim.spec.volumeName !== '') {
    return { kind: 'foreign', why: 'names its volume' };
  }
  const storageClass = classOf(claim, classes);
  if (storageClass === 'none') {
    return { kind: 'foreign', why: 'asks for no class' };
  }
  if (storageClass?.kind === 'foreign') {
    return { kind: 'foreign', why: `is of class ${storageClass.name}, for ${storageClass.provisioner}` };
  }
  if (isForPopulator(claim)) {
    return { kind: 'foreign', why: 'a volume populator serves' };
  }
  const read = readClaim(claim);
  const problems = read.problems
    .filter(({ general }) => general || storageClass !== undefined)
    .map(({ path, message }) =>
      problemAt(subject, { path, message, fix: fixes[path.at(-1) ?? ''] ?? 'write what is expected' }),
    );
  if (storageClass === undefined) {
    return { kind: 'open', problems };
  }
  return read.ok ? { kind: 'good', subject, size: read.size, storageClass } : { kind: 'bad', problems };
}

/** `undefined`: it is not in the input. */
function classOf(claim: PersistentVolumeClaim, classes: readonly LintedClass[]): LintedClass | 'none' | undefined {
  const name = classNameOf(claim);
  if (name !== '') {
    return classes.find((one) => one.name === name);
  }
  if (claim.spec.storageClassName === '') {
    return 'none';
  }
  const defaults = classes.filter(
    (one) => one.kind === 'good' && one.storageClass.metadata.annotations[defaultClass] === 'true',
  );
  return defaults.length === 1 ? defaults[0] : undefined;
}
