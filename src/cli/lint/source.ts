/** Text of files as documents whose every field knows its place. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type ParsedNode } from 'yaml';
import { messageOf } from '../../domain/error-message.ts';

/** Keys and indexes from the top of a document down to a field. */
export type FieldPath = readonly (string | number)[];

/** Counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One object or topology. */
export interface Source {
  /** As JSON has it. */
  readonly value: unknown;
  /** Where the field begins, or its key; where it would belong to when it is not there. */
  place(path: FieldPath, part?: 'key' | 'value'): Place;
}

/** Something that the reader itself found: the text is no YAML or JSON, or says a key twice. */
export interface Finding {
  readonly place: Place;
  readonly message: string;
}

export interface Contents {
  readonly sources: readonly Source[];
  readonly unreadable: readonly Finding[];
  /** Keys that stand twice in one object: which of the two counts depends on who reads it. */
  readonly repeatedKeys: readonly Finding[];
}

type Parsed = Document.Parsed;

/** Reads documents separated by `---`, as YAML or JSON; a `List` of the API is its items. Never throws. */
export function readSources(file: string, text: string): Contents {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const sources: Source[] = [];
  const unreadable: Finding[] = [];
  const repeatedKeys: Finding[] = [];
  for (const document of Array.isArray(documents) ? (documents as Parsed[]) : []) {
    const findings = document.errors.map(({ code, message, pos: [start] }) => ({
      code,
      message,
      place: placeOf(start),
    }));
    const broken = findings.filter(({ code }) => code !== 'DUPLICATE_KEY');
    repeatedKeys.push(...findings.filter(({ code }) => code === 'DUPLICATE_KEY'));
    try {
      const value: unknown = broken.length === 0 ? document.toJS() : null;
      const place = (path: FieldPath, part?: 'key' | 'value'): Place => placeOf(offsetOf(document, path, part));
      sources.push(...(value === null ? [] : itemsOf({ value, place })));
    } catch (error) {
      // Aliases that unfold into more than anybody could have meant.
      broken.push({ code: 'BAD_ALIAS', message: messageOf(error), place: placeOf(document.range[0]) });
    }
    unreadable.push(...broken.slice(0, 1));
  }
  return { sources, unreadable, repeatedKeys };
}

/** What `kubectl get -o yaml` prints of several objects. */
function itemsOf(source: Source): Source[] {
  const { value } = source;
  const isList = typeof value === 'object' && value !== null && 'kind' in value && 'items' in value;
  if (!isList || !Array.isArray(value.items) || !String(value.kind).endsWith('List')) {
    return [source];
  }
  return value.items.map((item: unknown, index) => ({
    value: item,
    place: (path, part) => source.place(['items', index, ...path], part),
  }));
}

function offsetOf(document: Parsed, path: FieldPath, part: 'key' | 'value' = 'value'): number {
  let node: ParsedNode | null = document.contents;
  let key: number | undefined;
  for (const step of path) {
    const next = stepInto(document, node, step);
    if (next === undefined) {
      return key ?? startOf(node) ?? document.range[0];
    }
    node = next.value;
    key = next.key ?? key;
  }
  return (part === 'key' ? key : startOf(node)) ?? key ?? startOf(node) ?? document.range[0];
}

interface Step {
  readonly value: ParsedNode | null;
  /** Offset of the key; `undefined` for an item of a list. */
  readonly key: number | undefined;
}

function stepInto(document: Parsed, from: ParsedNode | null, step: string | number): Step | undefined {
  const node = isAlias(from) ? (from.resolve(document) as ParsedNode | undefined) : from;
  if (isMap<ParsedNode, ParsedNode | null>(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair === undefined ? undefined : { value: pair.value, key: startOf(pair.key) };
  }
  if (isSeq<ParsedNode>(node) && typeof step === 'number') {
    const item = node.items[step];
    return item === undefined ? undefined : { value: item, key: startOf(item) };
  }
  return undefined;
}

const startOf = (node: ParsedNode | null | undefined): number | undefined => node?.range[0];
