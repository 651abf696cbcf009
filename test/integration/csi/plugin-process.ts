/** `brickyard node serve` as a process that can be killed, with mounts that are a file. Arguments: the file, then flags. */
import { loadNodeConfig } from '../../../src/cli/node/config.ts';
import { runNode } from '../../../src/cli/node/run.ts';
import { FakeMounts } from '../../support/fake-mounts.ts';

const [file = '', ...words] = process.argv.slice(2);
const flags = new Map<string, string>();
for (let at = 0; at < words.length; at += 2) {
  flags.set(words[at] ?? '', words[at + 1] ?? '');
}
process.exitCode = await runNode(loadNodeConfig(flags, {}), async () => ({ mounts: new FakeMounts(file) }));
