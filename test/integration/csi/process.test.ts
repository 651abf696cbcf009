/** The node plugin as a process: registration, sockets, probes, and its ends. */
import { once } from 'node:events';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.ts';
import { mountCapability, registerThrough, CsiClient, type PublishedVolume } from '../../support/csi-client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { TestPlugin } from './plugin.ts';

let plugin: TestPlugin;
beforeAll(async () => {
  plugin = await TestPlugin.start();
});
afterAll(() => plugin.close());
/** Each test has it running and nothing mounted. */
beforeEach(async () => {
  plugin.mounts.change({ mounts: {}, stuck: false });
  if (!plugin.runs) {
    await plugin.run();
  }
});

const id = '6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01';
const volume: PublishedVolume = {
  volume_id: id,
  volume_context: { endpointsNamespace: 'brickyard', endpoints: 'gluster-default', volume: `vol_${id}` },
};

async function cli(...argv: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const line = (text: string): void => void lines.push(text);
  const environment = { BRICKYARD_NODE_KUBELET_DIR: plugin.kubelet };
  const code = await main(argv, { out: line, err: line, interactive: false, confirm: async () => false, environment });
  return `${code}: ${lines.join('\n')}`;
}

describe('the node plugin', () => {
  it('registers through its socket, and serves where it says', async () => {
    const { endpoint, ...info } = await registerThrough(plugin.registration);
    expect(info).toEqual({ type: 'CSIPlugin', name: 'glusterfs.brickyard.dev', supported_versions: ['1.0.0'] });
    const client = new CsiClient(endpoint);
    expect(await client.node('NodeGetInfo')).toMatchObject({ node_id: 'worker-1' });
    client.close();
    await waitFor('the log says so', () => plugin.said.includes('the kubelet has registered the plugin'));
  });

  it('logs why a kubelet does not register it, and stays', async () => {
    const client = new CsiClient(plugin.registration);
    await client.call('registration', 'NotifyRegistrationStatus', { plugin_registered: false, error: 'too old' });
    client.close();
    await waitFor('the log says so', () => plugin.said.includes('"reason":"too old"'));
    expect((await registerThrough(plugin.registration)).type).toBe('CSIPlugin');
  });

  it('lets nobody but its owner at its sockets', () => {
    expect([plugin.socket, plugin.registration].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('is killed and comes back over its stale sockets, its mounts as they were', async () => {
    await plugin.client.stage(volume, plugin.staging(id));
    await plugin.client.publish(volume, plugin.staging(id), plugin.target('a'));
    const before = plugin.mounts.state;
    await plugin.end('SIGKILL');
    expect(existsSync(plugin.registration)).toBe(true);
    await plugin.run();
    expect(plugin.mounts.state).toEqual(before);
    await registerThrough(plugin.registration);
    await plugin.client.publish(volume, plugin.staging(id), plugin.target('a'));
    expect(plugin.mounts.state).toEqual(before);
    await plugin.client.unpublish(volume, plugin.target('a'));
    await plugin.client.unstage(volume, plugin.staging(id));
    expect(plugin.mounts.state.mounts).toEqual({});
  });

  it('holds ReadWriteOncePod over a restart', async () => {
    const capability = mountCapability('SINGLE_NODE_SINGLE_WRITER');
    await plugin.client.stage(volume, plugin.staging(id), capability);
    await plugin.client.publish(volume, plugin.staging(id), plugin.target('a'), { capability });
    await plugin.end('SIGKILL');
    await plugin.run();
    await expect(
      plugin.client.publish(volume, plugin.staging(id), plugin.target('b'), { capability }),
    ).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('makes a socket again that somebody takes away', async () => {
    rmSync(plugin.registration);
    await waitFor('it is there again', () => existsSync(plugin.registration));
    expect((await registerThrough(plugin.registration)).endpoint).toBe(plugin.socket);
  });

  it('does not take the place of one that runs', async () => {
    const second = plugin.spawn();
    const [code] = (await once(second, 'close')) as [number | null];
    expect(code).toBe(1);
    expect(plugin.said).toContain('expected nobody to listen there, but another process does');
    expect(await plugin.client.call('identity', 'Probe')).toEqual({ ready: { value: true } });
  });

  it('does not remove a file that is no socket', async () => {
    await plugin.end('SIGTERM');
    writeFileSync(plugin.socket, 'precious');
    const [code] = (await once(plugin.spawn(), 'close')) as [number | null];
    expect(code).toBe(1);
    expect(plugin.said).toContain('expected a socket or nothing, got a file of another kind');
    rmSync(plugin.socket);
  });

  it('lets what runs end when it is told to stop, and takes its sockets away', async () => {
    plugin.mounts.change({ stuck: true });
    const staged = plugin.client.stage(volume, plugin.staging(id));
    await waitFor('it is under way', async () => {
      const second = plugin.client.unstage(volume, plugin.staging(id));
      return second.then(
        () => false,
        (error: unknown) => String(error).includes('ABORTED'),
      );
    });
    const ended = plugin.end('SIGTERM');
    await waitFor('no kubelet finds it any more', () => !existsSync(plugin.registration));
    plugin.mounts.change({ stuck: false });
    expect(await staged).toEqual({});
    expect(await ended).toBe(0);
    expect(existsSync(plugin.socket)).toBe(false);
    expect(plugin.mounts.state.mounts[plugin.staging(id)]).toBeDefined();
  });

  it('answers a probe, and an absent one does not', async () => {
    expect(await cli('node', 'probe')).toBe('0: ready');
    expect(await cli('node', 'probe', '--ready')).toBe('0: ready');
    await plugin.end('SIGTERM');
    expect(await cli('node', 'probe')).toMatch(/^1: brickyard: .*csi\.sock: UNAVAILABLE: /);
  });
});
