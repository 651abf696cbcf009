import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadNodeConfig, loadProbeConfig } from '../../../src/cli/node/config.ts';
import { nodeTable } from '../../../src/cli/node/document.ts';

const flags = (given: Readonly<Record<string, string>>) => new Map(Object.entries(given));

describe('the configuration of the node plugin', () => {
  it('needs a name only', () => {
    expect(loadNodeConfig(flags({ '--name': 'worker-1' }), {})).toEqual({
      name: 'worker-1',
      kubeletDir: '/var/lib/kubelet',
      csiSocket: '/var/lib/kubelet/plugins/glusterfs.brickyard.dev/csi.sock',
      registrationDir: '/var/lib/kubelet/plugins_registry',
      prefix: [],
      maxVolumes: 0,
      watchInterval: 30_000,
      shutdownGrace: 30_000,
      logLevel: 'info',
      logFormat: 'auto',
    });
  });

  it('comes from flags before environment, whatever else is there', () => {
    const environment = {
      BRICKYARD_NODE_NAME: 'from-env',
      BRICKYARD_NODE_KUBELET_DIR: '/var/lib/k0s/kubelet/',
      BRICKYARD_NODE_PREFIX: 'nsenter --target 1 --mount --ipc --',
      BRICKYARD_NODE_PORT: 'tcp://10.0.0.1:80',
      BRICKYARD_NAMESPACE: 'brickyard',
    };
    expect(loadNodeConfig(flags({ '--name': 'from-flag', '--max-volumes': '20' }), environment)).toMatchObject({
      name: 'from-flag',
      kubeletDir: '/var/lib/k0s/kubelet',
      csiSocket: '/var/lib/k0s/kubelet/plugins/glusterfs.brickyard.dev/csi.sock',
      registrationDir: '/var/lib/k0s/kubelet/plugins_registry',
      prefix: ['nsenter', '--target', '1', '--mount', '--ipc', '--'],
      maxVolumes: 20,
    });
    expect(loadProbeConfig(flags({}), environment)).toEqual({
      kubeletDir: '/var/lib/k0s/kubelet',
      csiSocket: '/var/lib/k0s/kubelet/plugins/glusterfs.brickyard.dev/csi.sock',
      timeout: 5000,
    });
  });

  it.each<{ given: Readonly<Record<string, string>>; environment?: Record<string, string>; message: string }>([
    { given: {}, message: 'name: expected a lower-case DNS name, got undefined' },
    { given: { '--name': 'A' }, message: 'flag --name: expected a lower-case DNS name, got "A"' },
    {
      given: { '--name': 'a', '--kubelet-dir': 'kubelet' },
      message: 'flag --kubelet-dir: expected an absolute path without . or .. in it, got "kubelet"',
    },
    {
      given: { '--name': 'a', '--csi-socket': '/x/../csi.sock' },
      message: 'flag --csi-socket: expected an absolute path without . or .. in it, got "/x/../csi.sock"',
    },
    {
      given: { '--name': 'a', '--max-volumes': '-1' },
      message: 'flag --max-volumes: expected a whole number from 0 to 100000, got "-1"',
    },
    {
      given: { '--name': 'a' },
      environment: { BRICKYARD_NODE_KUBELET_DIRECTORY: '/x' },
      message: 'env BRICKYARD_NODE_KUBELET_DIRECTORY: expected the name of a setting, got an unknown one',
    },
  ])('says what is wrong: $message', ({ given, environment = {}, message }) => {
    expect(() => loadNodeConfig(flags(given), environment)).toThrow(message);
  });

  it('is described in docs/configuration.md, every setting of it', async () => {
    const page = new URL('../../../docs/configuration.md', import.meta.url);
    expect(await readFile(page, 'utf8')).toContain(nodeTable());
  });
});
