/** Writes the files that are made from the sources. Tests hold the committed ones to what this gives. */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { recordDefinitions } from '../src/store/kubernetes/crds.ts';

const folder = new URL('../manifests/crds/', import.meta.url);

for (const [name, definition] of recordDefinitions()) {
  const text = `# Made by "npm run generate" from the schemas in src/domain. Do not edit.\n${stringify(definition, { lineWidth: 0, singleQuote: true })}`;
  await writeFile(new URL(name, folder), text);
}
