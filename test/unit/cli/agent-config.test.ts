import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAgentConfig } from '../../../src/cli/agent/config.ts';
import { agentTable } from '../../../src/cli/agent/document.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brickyard-agent-config-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const flags = (entries: Readonly<Record<string, string>>): Map<string, string> => new Map(Object.entries(entries));

async function file(content: string): Promise<string> {
  const name = join(directory, 'agent.yaml');
  await writeFile(name, content);
  return name;
}

describe('the configuration of an agent', () => {
  it('needs a node and its devices only', async () => {
    const config = await loadAgentConfig(
      flags({ '--node': 'node-a', '--device': '/dev/vdb,/srv/bricks' }),
      {},
      undefined,
    );
    expect(config).toEqual({
      node: 'node-a',
      devices: ['/dev/vdb', '/srv/bricks'],
      listen: { host: '0.0.0.0', port: 24_017 },
      certDir: '/etc/brickyard/tls',
      prefix: [],
      changes: 16,
      shutdownGrace: 30_000,
      logLevel: 'info',
      logFormat: 'auto',
    });
  });

  it('comes from flags before environment before file, whatever the controller has there', async () => {
    const name = await file('node: from-file\ndevices: [/dev/vdb]\nlisten: "[::1]:1"\nchanges: 3\n');
    const environment = {
      BRICKYARD_AGENT_NODE: 'from-env',
      BRICKYARD_AGENT_LISTEN: '127.0.0.1:2',
      BRICKYARD_AGENT_PREFIX: 'nsenter --target 1 --mount --ipc --',
      BRICKYARD_AGENT_CONFIG: name,
      BRICKYARD_AGENT_PORT: 'tcp://10.0.0.1:24017',
      BRICKYARD_NAMESPACE: 'brickyard',
    };
    expect(await loadAgentConfig(flags({ '--node': 'from-flag' }), environment, undefined)).toMatchObject({
      node: 'from-flag',
      devices: ['/dev/vdb'],
      listen: { host: '127.0.0.1', port: 2 },
      changes: 3,
      prefix: ['nsenter', '--target', '1', '--mount', '--ipc', '--'],
    });
    expect(await loadAgentConfig(flags({}), {}, name)).toMatchObject({ node: 'from-file', listen: { host: '::1' } });
  });

  it('may have a list of devices for each node, so that one file serves all', async () => {
    const name = await file('devices: {node-a: [/dev/vdb], node-b: [/dev/vdc, /dev/vdd]}');
    const of = (node: string) => loadAgentConfig(flags({ '--node': node }), {}, name);
    expect((await of('node-a')).devices).toEqual(['/dev/vdb']);
    expect((await of('node-b')).devices).toEqual(['/dev/vdc', '/dev/vdd']);
    await expect(of('node-c')).rejects.toThrow(
      `file ${name}: devices: expected a list for node-c, got lists for node-a, node-b`,
    );
  });

  it.each<{ given: Readonly<Record<string, string>>; environment?: Record<string, string>; message: string }>([
    { given: { '--device': '/dev/vdb' }, message: 'node: expected a lower-case DNS name, got undefined' },
    {
      given: { '--node': 'A', '--device': '/dev/vdb' },
      message: 'flag --node: expected a lower-case DNS name, got "A"',
    },
    { given: { '--node': 'a' }, message: 'devices: expected at least one device, got none' },
    {
      given: { '--node': 'a', '--device': '/dev/../vdb' },
      message: 'flag --device: expected an absolute path such as /dev/vdb, without . or .. in it, got "/dev/../vdb"',
    },
    {
      given: { '--node': 'a', '--device': '/dev/vdb,/dev/vdb' },
      message: 'flag --device: expected each device once, got /dev/vdb, /dev/vdb',
    },
    {
      given: { '--node': 'a', '--device': '/dev/vdb', '--listen': '0.0.0.0:70000' },
      message: 'flag --listen: expected a port up to 65535, got 70000',
    },
    {
      given: { '--node': 'a', '--device': '/dev/vdb', '--prefix': 'sh -c "x"' },
      message: 'flag --prefix: expected words without quotes, such as nsenter --target 1 --mount --ipc --, got',
    },
    {
      given: { '--node': 'a', '--device': '/dev/vdb' },
      environment: { BRICKYARD_AGENT_DEVICE: '/dev/vdb' },
      message:
        'env BRICKYARD_AGENT_DEVICE: expected the name of a setting, got an unknown one; did you mean BRICKYARD_AGENT_DEVICES?',
    },
  ])('says what is wrong: $message', async ({ given, environment = {}, message }) => {
    await expect(loadAgentConfig(flags(given), environment, undefined)).rejects.toThrow(message);
  });

  it('refuses settings that it does not know, in a file too', async () => {
    const name = await file('node: a\ndevices: [/dev/vdb]\ncertdir: /x\n');
    await expect(loadAgentConfig(flags({}), {}, name)).rejects.toThrow(
      `file ${name}: certdir: expected a known setting, got an unknown one; did you mean certDir?`,
    );
    await expect(loadAgentConfig(flags({}), {}, '/nonexistent.yaml')).rejects.toThrow(
      'flag --config: expected a readable file',
    );
  });

  it('is described in docs/agent.md, every setting of it', async () => {
    expect(await readFile(new URL('../../../docs/agent.md', import.meta.url), 'utf8')).toContain(agentTable());
  });
});
