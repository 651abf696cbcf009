/**
 * The zones that a StorageClass keeps its volumes to. Kubernetes means by `allowedTopologies` where a volume may be; the
 * scheduler besides sends pods that wait for such a volume to no other place. Ours can be reached from everywhere, so for
 * us it says where the data may be: bricks go to storage nodes of these zones only.
 */
import { zoneName } from '../domain/topology.ts';
import type { StorageClass } from '../kube/resources.ts';
import type { FieldProblem } from './claim-problems.ts';
import { isZoneLabel, zoneLabel } from './zone-labels.ts';

export type AllowedZones =
  /** Empty: all zones. */
  | { readonly ok: true; readonly zones: readonly string[] }
  /** Has at least one problem. */
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

type Term = StorageClass['allowedTopologies'][number];

const field = 'allowedTopologies';

/** What one term allows is what all its expressions allow; terms add up. Never throws. */
export function readAllowedZones(terms: readonly Term[]): AllowedZones {
  const problems = terms.flatMap(problemsOf);
  const zones = [...new Set(terms.flatMap(zonesOf))];
  return problems.length === 0 ? { ok: true, zones } : { ok: false, problems };
}

function zonesOf({ matchLabelExpressions }: Term): readonly string[] {
  const [first, ...rest] = matchLabelExpressions.map(({ values }) => values);
  return (first ?? []).filter((zone) => rest.every((values) => values.includes(zone)));
}

function problemsOf(term: Term, index: number): FieldProblem[] {
  const where = `${field}[${index}]`;
  const expressions = term.matchLabelExpressions;
  const problems = expressions.flatMap(({ key, values }, place): FieldProblem[] => {
    const path = [field, String(index), 'matchLabelExpressions', String(place)];
    const at = `${where}.matchLabelExpressions[${place}]`;
    if (!isZoneLabel(key)) {
      const reach = 'a volume can be reached from every node, and its data is placed by zones';
      return [{ path: [...path, 'key'], message: `${at}.key: expected ${zoneLabel}, got ${key}; ${reach}` }];
    }
    const strange = values.find((value) => !zoneName.test(value));
    return strange === undefined
      ? []
      : [
          {
            path: [...path, 'values'],
            message: `${at}.values: expected zones of 1 to 63 letters, digits, _ . and -, got ${JSON.stringify(strange)}`,
          },
        ];
  });
  if (problems.length === 0 && zonesOf(term).length === 0) {
    problems.push({ path: [field, String(index)], message: `${where}: expected at least one zone, got none` });
  }
  return problems;
}
