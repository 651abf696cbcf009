/** The part of JSONPath that printer columns use: fields, indexes, `[*]`, and filters on equality. */
import { isArray, isObject, show } from '../json.ts';
import type { Json } from '../json.ts';

type Step =
  | { readonly do: 'field'; readonly name: string }
  | { readonly do: 'index'; readonly at: number }
  | { readonly do: 'all' }
  | { readonly do: 'filter'; readonly path: readonly Step[]; readonly value: string };

const token =
  /^(?:\.([A-Za-z0-9_$-]+)|\['((?:[^'\\]|\\.)+)'\]|\["((?:[^"\\]|\\.)+)"\]|\[(-?\d+)\]|(\[\*\]|\.\*)|\[\?\(\s*@((?:\.[A-Za-z0-9_-]+)+)\s*==\s*(?:"([^"]*)"|'([^']*)'|(true|false|\d+))\s*\)\])/;

/** Undefined when the text is no path of this kind. */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  rest = rest.startsWith('$') ? rest.slice(1) : rest;
  while (rest !== '') {
    const match = token.exec(rest);
    if (match === null) {
      return undefined;
    }
    const step = readStep(match);
    if (step === undefined) {
      return undefined;
    }
    steps.push(step);
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function readStep(match: RegExpExecArray): Step | undefined {
  const [, field, single, double, index, all, filter, text, quoted, bare] = match;
  const name = field ?? single ?? double;
  if (name !== undefined) {
    return { do: 'field', name: name.replaceAll(/\\(.)/g, '$1') };
  }
  if (index !== undefined) {
    return { do: 'index', at: Number(index) };
  }
  if (all !== undefined) {
    return { do: 'all' };
  }
  const path = parseJsonPath(filter ?? '');
  return path === undefined ? undefined : { do: 'filter', path, value: text ?? quoted ?? bare ?? '' };
}

/** Everything that the path leads to. */
export function findAll(value: Json, path: readonly Step[]): readonly Json[] {
  return path.reduce<readonly Json[]>((found, step) => found.flatMap((one) => follow(one, step)), [value]);
}

function follow(value: Json, step: Step): readonly Json[] {
  switch (step.do) {
    case 'field': {
      const inner = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
      return inner === undefined ? [] : [inner];
    }
    case 'index': {
      const inner = isArray(value) ? value.at(step.at) : undefined;
      return inner === undefined ? [] : [inner];
    }
    case 'all':
      return isArray(value) ? value : isObject(value) ? Object.values(value).filter((one) => one !== undefined) : [];
    case 'filter':
      return isArray(value)
        ? value.filter((item) => findAll(item, step.path).some((one) => show(one) === step.value))
        : [];
  }
}
