/** What is wrong with a StorageClass of ours, by the class alone: whatever the storage, no claim of it can be served. */
import { parseClassParameters, type ClassParameters } from '../domain/class-parameters.ts';
import type { StorageClass } from '../kube/resources.ts';
import { readAllowedZones } from './allowed-topologies.ts';
import type { FieldProblem } from './claim-problems.ts';

export type ReadClass =
  | {
      readonly ok: true;
      readonly parameters: ClassParameters;
      /** The only zones that bricks may go to. Empty: all. */
      readonly allowedZones: readonly string[];
    }
  /** Has at least one problem. */
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Never throws: whatever is wrong is in the list of problems, all of it at once. */
export function readClass(storageClass: Pick<StorageClass, 'parameters' | 'allowedTopologies'>): ReadClass {
  const parsed = parseClassParameters(storageClass.parameters);
  const allowed = readAllowedZones(storageClass.allowedTopologies);
  if (!parsed.ok) {
    const problems = parsed.problems.map(({ key, message }) => ({ path: ['parameters', key], message }));
    return { ok: false, problems: [...problems, ...(allowed.ok ? [] : allowed.problems)] };
  }
  return allowed.ok ? { ...parsed, allowedZones: allowed.zones } : { ok: false, problems: allowed.problems };
}

/** How many problems each class of `provisioner` has, by its name. */
export function problemsByClass(classes: readonly StorageClass[], provisioner: string): ReadonlyMap<string, number> {
  const ours = classes.filter((one) => one.provisioner === provisioner);
  return new Map(
    ours.map((storageClass) => {
      const read = readClass(storageClass);
      return [storageClass.metadata.name, read.ok ? 0 : read.problems.length];
    }),
  );
}

/** Every problem on one line, for an event or a log. */
export function describeFieldProblems(problems: readonly FieldProblem[]): string {
  return problems.map(({ message }) => message).join('; ');
}

/** Two sentences, of which the first may have its mark already. */
export const withRemedy = (problems: string, remedy: string): string =>
  `${problems}${/[.?!]$/.test(problems) ? '' : '.'} ${remedy}`;

/** What its author can do: the API server lets nobody change the parameters of a class. */
export const putClassRight = (name: string): string =>
  `Put it right and create the class anew: kubectl delete storageclass ${name}, then kubectl apply`;
