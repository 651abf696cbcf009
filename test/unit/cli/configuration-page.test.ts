import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { configurationTable } from '../../../src/cli/config/document.ts';
import { resolveConfig } from '../../../src/cli/config/load.ts';

const page = new URL('../../../docs/configuration.md', import.meta.url);

describe('docs/configuration.md', () => {
  it('holds the table that the schema gives', async () => {
    expect(await readFile(page, 'utf8')).toContain(configurationTable());
  });

  it('shows an example that is a right configuration', async () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(await readFile(page, 'utf8'))?.[1];
    expect(example).toBeDefined();
    const config = resolveConfig({
      flags: new Map(),
      environment: {},
      file: { name: 'example', content: example ?? '' },
    });
    expect(config.provisioner).toBe('brickyard.dev/glusterfs');
  });
});
