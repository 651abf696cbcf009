/** The source that is a file. By itself, because not every process that has settings needs a YAML parser. */
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { messageOf } from '../../domain/error-message.ts';
import { UsageError } from '../exit-codes.ts';
import type { Provenance, SourceValues } from './sources.ts';

const nowhere: Provenance = () => undefined;

/** A YAML (or JSON) file. An empty file says nothing, which is fine. */
export function fromFile(name: string, content: string): SourceValues {
  const document = parseDocument(content, { prettyErrors: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => `file ${name}: expected YAML, got ${error.message.split('\n')[0]}`);
    return { values: {}, problems, provenance: nowhere };
  }
  const root: unknown = document.toJS();
  if (root === null || root === undefined) {
    return { values: {}, problems: [], provenance: nowhere };
  }
  if (typeof root !== 'object' || Array.isArray(root)) {
    const got = Array.isArray(root) ? 'a list' : typeof root;
    return { values: {}, problems: [`file ${name}: expected a mapping of settings, got ${got}`], provenance: nowhere };
  }
  return {
    values: root as Record<string, unknown>,
    problems: [],
    provenance: (path) => (document.hasIn(path) ? `file ${name}: ${path.join('.')}` : undefined),
  };
}

/** Throws UsageError that names `source`, which says where the name came from. */
export async function readConfigFile(name: string, source: string): Promise<string> {
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    throw new UsageError(`${source}: expected a readable file, got ${messageOf(error)}`);
  }
}
