/** Writes the files that are made from the sources. Tests hold the committed ones to what this gives. */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { metricsTables } from '../src/cli/metrics/document.ts';
import { recordDefinitions } from '../src/store/kubernetes/crds.ts';
import { dashboard } from './monitoring/dashboard.ts';

const root = new URL('../', import.meta.url);

for (const [name, definition] of recordDefinitions()) {
  const text = `# Made by "npm run generate" from the schemas in src/domain. Do not edit.\n${stringify(definition, { lineWidth: 0, singleQuote: true })}`;
  await writeFile(new URL(`manifests/crds/${name}`, root), text);
}

await writeFile(new URL('manifests/monitoring/dashboard.json', root), `${JSON.stringify(dashboard(), null, 2)}\n`);

/** Everything behind this line of the page is made; what stands before it is written by hand. */
const made = '<!-- Made by "npm run generate" from src/cli/metrics. Do not edit below. -->\n';
const page = new URL('docs/metrics.md', root);
const [written = ''] = (await readFile(page, 'utf8')).split(made);
await writeFile(page, `${written}${made}\n${await metricsTables()}`);
