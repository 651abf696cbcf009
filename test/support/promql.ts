/**
 * PromQL, as far as our dashboard and rules speak it, read into what a test asks of it: which metrics with which matchers,
 * and which labels the result has. By the grammar of Prometheus' own documentation; whatever is not understood throws.
 */

export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Reading {
  readonly selectors: readonly Selector[];
  /** Labels that the result can have; `undefined` for a number. */
  readonly labels: ReadonlySet<string> | undefined;
}

type Token = { readonly kind: 'name' | 'number' | 'string' | 'duration' | 'symbol'; readonly text: string };

const lexer =
  /\s*(?:(?<duration>\d+(?:ms|[smhdwy])(?![a-z0-9_]))|(?<number>\d+(?:\.\d+)?)|(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<string>"(?:[^"\\]|\\.)*")|(?<symbol>==|!=|>=|<=|=~|!~|[-+*/%^(){}[\],=<>]))/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  lexer.lastIndex = 0;
  while (lexer.lastIndex < text.trimEnd().length) {
    const at = lexer.lastIndex;
    const found = lexer.exec(text)?.groups;
    if (found === undefined) {
      throw new SyntaxError(`PromQL: nothing known at ${JSON.stringify(text.slice(at))} of ${text}`);
    }
    for (const kind of ['duration', 'number', 'name', 'string', 'symbol'] as const) {
      const value = found[kind];
      if (value !== undefined) {
        tokens.push({ kind, text: value });
      }
    }
  }
  return tokens;
}

const aggregations = new Set(['sum', 'min', 'max', 'avg', 'count']);
/** What each function takes: a range vector, an instant vector, a number. */
const functions: Readonly<Record<string, readonly ('range' | 'vector' | 'number')[]>> = {
  rate: ['range'],
  increase: ['range'],
  predict_linear: ['range', 'number'],
  histogram_quantile: ['number', 'vector'],
  absent: ['vector'],
  time: [],
};

/** Operators by how loosely they bind, the loosest first. */
const levels: readonly (readonly string[])[] = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '>', '<', '>=', '<='],
  ['+', '-'],
  ['*', '/', '%'],
  ['^'],
];
const setOperators = new Set(['or', 'and', 'unless']);

/** `labelsOf`: labels that a metric has, those of its scrape target included; throws for a metric that is not there. */
export function readPromql(text: string, labelsOf: (metric: string) => ReadonlySet<string>): Reading {
  return new Parser(text, labelsOf).whole();
}

type Value = { readonly labels: ReadonlySet<string> | undefined; readonly range?: true };

class Parser {
  readonly #text: string;
  readonly #labelsOf: (metric: string) => ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  readonly #selectors: Selector[] = [];
  #at = 0;

  constructor(text: string, labelsOf: (metric: string) => ReadonlySet<string>) {
    this.#text = text;
    this.#labelsOf = labelsOf;
    this.#tokens = tokensOf(text);
  }

  whole(): Reading {
    const { labels, range } = this.#binary(0);
    if (this.#at < this.#tokens.length) {
      throw this.#wrong('the end');
    }
    if (range === true) {
      throw this.#wrong('a function around a range');
    }
    return { selectors: this.#selectors, labels };
  }

  #binary(level: number): Value {
    const operators = levels[level];
    if (operators === undefined) {
      return this.#primary();
    }
    let left = this.#binary(level + 1);
    for (let operator = this.#oneOf(operators); operator !== undefined; operator = this.#oneOf(operators)) {
      const on = this.#word('on') ? this.#names() : undefined;
      const right = this.#binary(level + 1);
      left = { labels: this.#joined(operator, left, right, on) };
    }
    return left;
  }

  #joined(operator: string, left: Value, right: Value, on: readonly string[] | undefined): Value['labels'] {
    if (left.range === true || right.range === true) {
      throw this.#wrong('no range beside an operator');
    }
    for (const label of on ?? []) {
      this.#mustHave(left.labels, label);
      this.#mustHave(right.labels, label);
    }
    if (left.labels === undefined || right.labels === undefined) {
      if (setOperators.has(operator)) {
        throw this.#wrong(`two vectors around ${operator}`);
      }
      return left.labels ?? right.labels;
    }
    return setOperators.has(operator) || on === undefined ? left.labels : new Set(on);
  }

  #primary(): Value {
    if (this.#symbol('-')) {
      return this.#primary();
    }
    if (this.#symbol('(')) {
      const inner = this.#binary(0);
      this.#expect(')');
      return inner;
    }
    const token = this.#next();
    if (token?.kind === 'number') {
      return { labels: undefined };
    }
    if (token?.kind !== 'name') {
      this.#at -= 1;
      throw this.#wrong('a number, a metric, a function or (');
    }
    if (aggregations.has(token.text)) {
      return this.#aggregation();
    }
    return this.#peek()?.text === '(' ? this.#call(token.text) : this.#selector(token.text);
  }

  #aggregation(): Value {
    const before = this.#word('by') ? this.#names() : undefined;
    this.#expect('(');
    const inner = this.#binary(0);
    this.#expect(')');
    const by = before ?? (this.#word('by') ? this.#names() : []);
    if (inner.labels === undefined || inner.range === true) {
      throw this.#wrong('an instant vector in an aggregation');
    }
    by.forEach((label) => this.#mustHave(inner.labels, label));
    return { labels: new Set(by) };
  }

  #call(name: string): Value {
    const takes = functions[name];
    if (takes === undefined) {
      throw new SyntaxError(`PromQL: unknown function ${name} in ${this.#text}`);
    }
    this.#expect('(');
    const given = takes.map((kind, index) => {
      if (index > 0) {
        this.#expect(',');
      }
      const value = this.#binary(0);
      const got = value.range === true ? 'range' : value.labels === undefined ? 'number' : 'vector';
      if (got !== kind) {
        throw this.#wrong(`a ${kind} for ${name}, got a ${got}`);
      }
      return value;
    });
    this.#expect(')');
    const labels = given.find((value) => value.labels !== undefined)?.labels;
    switch (name) {
      case 'absent':
        return { labels: new Set() };
      case 'histogram_quantile':
        this.#mustHave(labels, 'le');
        return { labels: new Set([...(labels ?? [])].filter((label) => label !== 'le')) };
      default:
        return { labels };
    }
  }

  #selector(metric: string): Value {
    const labels = this.#labelsOf(metric);
    const matchers: Matcher[] = [];
    if (this.#symbol('{')) {
      while (!this.#symbol('}')) {
        const label = this.#next()?.text ?? '';
        const op = this.#oneOf(['=', '!=', '=~', '!~']);
        const value = this.#next();
        if (op === undefined || value?.kind !== 'string') {
          throw this.#wrong('a matcher such as label="value"');
        }
        this.#mustHave(labels, label);
        matchers.push({ label, op: op as Matcher['op'], value: JSON.parse(value.text) as string });
        if (this.#peek()?.text !== '}') {
          this.#expect(',');
        }
      }
    }
    this.#selectors.push({ metric, matchers });
    if (this.#symbol('[')) {
      if (this.#next()?.kind !== 'duration') {
        throw this.#wrong('a duration such as 5m');
      }
      this.#expect(']');
      return { labels, range: true };
    }
    return { labels };
  }

  #names(): string[] {
    this.#expect('(');
    const names: string[] = [];
    while (!this.#symbol(')')) {
      names.push(this.#next()?.text ?? '');
      if (this.#peek()?.text !== ')') {
        this.#expect(',');
      }
    }
    return names;
  }

  #mustHave(labels: ReadonlySet<string> | undefined, label: string): void {
    if (labels?.has(label) !== true) {
      throw new SyntaxError(
        `PromQL: no label ${label} there, only ${[...(labels ?? [])].join(', ') || 'none'}: ${this.#text}`,
      );
    }
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #next(): Token | undefined {
    this.#at += 1;
    return this.#tokens[this.#at - 1];
  }

  #oneOf(texts: readonly string[]): string | undefined {
    const text = this.#peek()?.text;
    if (text === undefined || !texts.includes(text)) {
      return undefined;
    }
    this.#at += 1;
    return text;
  }

  #symbol(text: string): boolean {
    return this.#oneOf([text]) !== undefined;
  }

  #word(text: string): boolean {
    return this.#symbol(text);
  }

  #expect(text: string): void {
    if (!this.#symbol(text)) {
      throw this.#wrong(text);
    }
  }

  #wrong(expected: string): SyntaxError {
    const got = this.#peek()?.text ?? 'the end';
    return new SyntaxError(`PromQL: expected ${expected}, got ${got} in ${this.#text}`);
  }
}
