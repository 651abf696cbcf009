/** Label selectors: `a=b, c!=d, e in (x,y), f notin (z), g, !h, i>3`. An object must meet every requirement. */
import { badRequest } from '../errors.ts';
import { labelValueProblem, qualifiedNameProblem } from '../validation/names.ts';

/** An object's labels. */
export type Labels = Readonly<Record<string, string>>;

/** One term of a label selector. */
export type LabelRequirement = {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'greater' | 'less';
  readonly values: readonly string[];
};

const clause =
  /^\s*(?:(!)\s*([^\s=!<>,()]+)|([^\s=!<>,()]+)\s+(in|notin)\s*\(([^()]*)\)|([^\s=!<>,()]+)\s*(==|=|!=|>|<)\s*([^\s=!<>,()]*)|([^\s=!<>,()]+))\s*(?:,|$)/;

/** Throws ApiError 400, quoting the part that cannot be read. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  const requirements: LabelRequirement[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = clause.exec(rest);
    if (match === null) {
      throw badRequest(`unable to parse requirement: found '${rest}', expected: a label selector`);
    }
    requirements.push(checked(requirement(match)));
    const ended = !match[0].endsWith(',');
    rest = rest.slice(match[0].length).trim();
    if (!ended && rest === '') {
      throw badRequest(`unable to parse requirement: found '', expected: identifier after ','`);
    }
  }
  return requirements;
}

function requirement(match: RegExpExecArray): LabelRequirement {
  const [, , absent, setKey, setOperator, setValues, key, operator, value = '', exists = ''] = match;
  if (absent !== undefined) {
    return { key: absent, operator: 'absent', values: [] };
  }
  if (setKey !== undefined) {
    const values = (setValues ?? '').split(',').map((one) => one.trim());
    return { key: setKey, operator: setOperator === 'in' ? 'in' : 'notin', values };
  }
  if (key === undefined) {
    return { key: exists, operator: 'exists', values: [] };
  }
  switch (operator) {
    case '!=':
      return { key, operator: 'notin', values: [value] };
    case '>':
      return { key, operator: 'greater', values: [value] };
    case '<':
      return { key, operator: 'less', values: [value] };
    default:
      return { key, operator: 'in', values: [value] };
  }
}

function checked(found: LabelRequirement): LabelRequirement {
  const numeric = found.operator === 'greater' || found.operator === 'less';
  const problem =
    qualifiedNameProblem(found.key) ??
    found.values.map((value) => labelValueProblem(value)).find((one) => one !== undefined) ??
    (numeric && !/^-?\d+$/.test(found.values[0] ?? '')
      ? 'for Gt and Lt operators, the value must be an integer'
      : undefined);
  if (problem !== undefined) {
    throw badRequest(`unable to parse requirement: ${found.key}: ${problem}`);
  }
  return found;
}

/** Says whether the labels meet every term. */
export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels | undefined): boolean {
  return requirements.every((one) => meets(one, labels ?? {}));
}

function meets({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'greater':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0]);
    case 'less':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0]);
  }
}

/** The structured form of the same thing, as `spec.selector` of a claim has it. */
export type LabelSelector = {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
};

/** An empty selector selects everything. An operator that is not known selects nothing. */
export function matchesSelector(selector: LabelSelector, labels: Labels | undefined): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels?.[key] === value);
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      switch (operator) {
        case 'In':
          return meets({ key, operator: 'in', values }, labels ?? {});
        case 'NotIn':
          return meets({ key, operator: 'notin', values }, labels ?? {});
        case 'Exists':
          return meets({ key, operator: 'exists', values }, labels ?? {});
        case 'DoesNotExist':
          return meets({ key, operator: 'absent', values }, labels ?? {});
        default:
          return false;
      }
    })
  );
}
