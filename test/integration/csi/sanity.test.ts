/**
 * What the public csi-sanity suite holds the Identity and Node services of a plugin to, case by case and in its words where a
 * title of ours has a quotation, on the real process by its socket; and what it does not look at.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CsiError, mountCapability, type PublishedVolume } from '../../support/csi-client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { TestPlugin } from './plugin.ts';

let plugin: TestPlugin;
beforeAll(async () => {
  plugin = await TestPlugin.start();
});
afterAll(() => plugin.close());
afterEach(() => plugin.mounts.change({ mounts: {}, stuck: false }));

const id = '6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01';
const volume: PublishedVolume = {
  volume_id: id,
  volume_context: { endpointsNamespace: 'brickyard', endpoints: 'gluster-default', volume: `vol_${id}` },
};
const writer = mountCapability('SINGLE_NODE_WRITER');

/** The gRPC code of a call. */
async function code(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof CsiError) {
      return error.code;
    }
    throw error;
  }
}

describe('Identity', () => {
  it('GetPluginCapabilities "should return appropriate capabilities"', async () => {
    expect(await plugin.client.call('identity', 'GetPluginCapabilities')).toEqual({
      capabilities: [{ type: 'volume_expansion', volume_expansion: { type: 'ONLINE' } }],
    });
  });

  it('Probe "should return appropriate information"', async () => {
    expect(await plugin.client.call('identity', 'Probe')).toEqual({ ready: { value: true } });
  });

  it('GetPluginInfo "should return appropriate information"', async () => {
    const { name, vendor_version: version } = await plugin.client.call('identity', 'GetPluginInfo');
    expect(name).toMatch(/^[a-zA-Z][A-Za-z0-9\-._]{0,61}[a-zA-Z]$/);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('Node', () => {
  it('NodeGetCapabilities "should return appropriate capabilities"', async () => {
    expect(await plugin.client.node('NodeGetCapabilities')).toEqual({
      capabilities: [
        'STAGE_UNSTAGE_VOLUME',
        'GET_VOLUME_STATS',
        'VOLUME_CONDITION',
        'EXPAND_VOLUME',
        'SINGLE_NODE_MULTI_WRITER',
      ].map((type) => ({ type: 'rpc', rpc: { type } })),
    });
  });

  it('NodeGetInfo "should return appropriate values"', async () => {
    expect(await plugin.client.node('NodeGetInfo')).toEqual({
      node_id: 'worker-1',
      max_volumes_per_node: '0',
      accessible_topology: null,
    });
  });

  // Requests as the public suite makes them: what else they lack is part of the case.
  it.each([
    ['NodePublishVolume', 'no volume id', {}],
    ['NodePublishVolume', 'no target path', { volume_id: id }],
    ['NodePublishVolume', 'no volume capability', { volume_id: id, target_path: '/tmp/target' }],
    ['NodeUnpublishVolume', 'no volume id', {}],
    ['NodeUnpublishVolume', 'no target path', { volume_id: id }],
    ['NodeStageVolume', 'no volume id', { staging_target_path: '/tmp/staging', volume_capability: writer }],
    ['NodeStageVolume', 'no staging target path', { volume_id: id, volume_capability: writer }],
    ['NodeStageVolume', 'no volume capability', { volume_id: id, staging_target_path: '/tmp/staging' }],
    ['NodeUnstageVolume', 'no volume id', { staging_target_path: '/tmp/staging' }],
    ['NodeUnstageVolume', 'no staging target path', { volume_id: id }],
    ['NodeGetVolumeStats', 'no volume id', { volume_path: 'some/path' }],
    ['NodeGetVolumeStats', 'no volume path', { volume_id: id }],
    ['NodeExpandVolume', 'no volume id', { volume_path: '/tmp/target', volume_capability: writer }],
    ['NodeExpandVolume', 'no volume path', { volume_id: id, volume_capability: writer }],
  ])('%s "should fail when %s is provided"', async (method, _what, request) => {
    expect(await code(plugin.client.node(method, request))).toBe('INVALID_ARGUMENT');
  });

  it.each(['NodeGetVolumeStats', 'NodeExpandVolume'])('%s "should fail when volume is not found"', async (method) => {
    expect(await code(plugin.client.node(method, { volume_id: id, volume_path: 'some/path' }))).toBe('NOT_FOUND');
    const nowhere = { volume_id: id, volume_path: plugin.target('nobody') };
    expect(await code(plugin.client.node(method, nowhere))).toBe('NOT_FOUND');
  });

  it('NodeGetVolumeStats "should fail when volume does not exist on the specified path"', async () => {
    await plugin.client.stage(volume, plugin.staging(id), writer);
    await plugin.client.publish(volume, plugin.staging(id), plugin.target('a'), { capability: writer });
    expect(await code(plugin.client.stats(volume, 'some/path'))).toBe('NOT_FOUND');
  });

  it('NodePublishVolume "should fail when volume with single node single writer access mode is already mounted at a different target path"', async () => {
    const capability = mountCapability('SINGLE_NODE_SINGLE_WRITER');
    await plugin.client.stage(volume, plugin.staging(id), capability);
    await plugin.client.publish(volume, plugin.staging(id), plugin.target('a'), { capability });
    const second = plugin.client.publish(volume, plugin.staging(id), plugin.target('b'), { capability });
    expect(await code(second)).toBe('FAILED_PRECONDITION');
  });

  it('NodeUnpublishVolume "should remove target path"', async () => {
    const target = plugin.target('a');
    await plugin.client.stage(volume, plugin.staging(id), writer);
    await plugin.client.publish(volume, plugin.staging(id), target, { capability: writer });
    expect(existsSync(target)).toBe(true);
    await plugin.client.unpublish(volume, target);
    expect(existsSync(target)).toBe(false);
  });

  it('NodeExpandVolume "should work if node-expand is called after node-publish"', async () => {
    await plugin.client.stage(volume, plugin.staging(id), writer);
    await plugin.client.publish(volume, plugin.staging(id), plugin.target('a'), { capability: writer });
    const request = { volume_id: id, volume_path: plugin.target('a'), capacity_range: { required_bytes: 1024 } };
    expect(await plugin.client.node('NodeExpandVolume', request)).toEqual({ capacity_bytes: String(1024 ** 3) });
  });

  it.each([1, 10])('"should work" and "should be idempotent": the whole way, each call %i times', async (times) => {
    const staging = plugin.staging(id);
    const target = plugin.target('a');
    mkdirSync(staging, { recursive: true });
    const repeated = async (call: () => Promise<unknown>): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        await call();
      }
    };
    await repeated(() => plugin.client.stage(volume, staging, writer));
    await repeated(() => plugin.client.publish(volume, staging, target, { capability: writer }));
    await repeated(() => plugin.client.stats(volume, target));
    await repeated(() => plugin.client.unpublish(volume, target));
    await repeated(() => plugin.client.unstage(volume, staging));
    expect(plugin.mounts.state.mounts).toEqual({});
  });
});

describe('beyond that suite', () => {
  it('servers are read from the Endpoints at the time of the mount', async () => {
    await plugin.client.stage(volume, plugin.staging(id));
    expect([...(plugin.mounts.state.mounts[plugin.staging(id)]?.wish.servers ?? [])].sort()).toEqual([
      '10.0.0.1',
      '10.0.0.2',
    ]);
    const gone = { ...volume, volume_context: { ...volume.volume_context, endpoints: 'gluster-gone' } };
    expect(await code(plugin.client.stage(gone, plugin.staging('gone')))).toBe('UNAVAILABLE');
  });

  it('one operation runs on a volume at a time, and ends with its caller', async () => {
    plugin.mounts.change({ stuck: true });
    const request = { ...volume, staging_target_path: plugin.staging(id), volume_capability: writer };
    const first = code(plugin.client.node('NodeStageVolume', request, { timeoutMs: 1500 }));
    await waitFor('a second call is turned away', async () => {
      return (await code(plugin.client.unstage(volume, plugin.staging(id)))) === 'ABORTED';
    });
    expect(await first).toBe('DEADLINE_EXCEEDED');
    plugin.mounts.change({ stuck: false });
    await waitFor('the volume is free again', async () => {
      return (await code(plugin.client.stage(volume, plugin.staging(id)))) === 'OK';
    });
  });

  it('different volumes do not wait for each other', async () => {
    const volumes = Array.from({ length: 20 }, (_, index): PublishedVolume => {
      const other = `6f1b0e5c-7d2a-4c56-9f53-${String(index).padStart(12, '0')}`;
      return { volume_id: other, volume_context: { ...volume.volume_context, volume: `vol_${other}` } };
    });
    const codes = await Promise.all(
      volumes.map((each) => code(plugin.client.stage(each, plugin.staging(each.volume_id)))),
    );
    expect(codes).toEqual(volumes.map(() => 'OK'));
    expect(Object.keys(plugin.mounts.state.mounts)).toHaveLength(20);
  });

  it('a message that is none, and a call that there is not, end in an error and nothing else', async () => {
    const garbage = plugin.client.call('node', 'NodeStageVolume', { volume_id: 'x'.repeat(5 * 1024 * 1024) });
    expect(await code(garbage)).toBe('RESOURCE_EXHAUSTED');
    expect(await code(plugin.client.call('registration', 'GetInfo'))).toBe('UNIMPLEMENTED');
    expect(await plugin.client.call('identity', 'Probe')).toEqual({ ready: { value: true } });
  });
});
