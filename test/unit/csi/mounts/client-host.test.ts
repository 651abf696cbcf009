import { describe, expect, it } from 'vitest';
import { findClientHost } from '../../../../src/csi/mounts/client-host.ts';
import { FakeHost } from './fake-host.ts';
import { context, node, Warnings } from './support.ts';

const tree = {
  source: '/image/client',
  version: '0.1.0',
  folder: '/var/lib/brickyard/client',
  folderHere: '/host/client',
};

function find(host: FakeHost, here?: FakeHost) {
  const log = new Warnings();
  const options = { runner: host, log, node, kubeletDirectory: '/kubelet' };
  const found = findClientHost(
    here === undefined ? options : { ...options, tree: { ...tree, runner: here } },
    context(),
  );
  return found.then((outcome) => ({ outcome, said: log.said }));
}

describe('what the plugin finds on its host', () => {
  it('is a client and systemd', async () => {
    const host = new FakeHost();
    host.files.add('/run/systemd/system');
    const { outcome, said } = await find(host);
    expect(outcome).toEqual({
      kind: 'done',
      value: { client: { kind: 'host', version: '10.3' }, cgroup: { kind: 'scope', slice: 'brickyard.slice' } },
    });
    expect(said).toEqual(['gluster client 10.3, the host’s own; its processes live in systemd scopes of the host']);
  });

  it('is a group in every hierarchy where there is no systemd', async () => {
    const host = new FakeHost();
    host.mount('/sys/fs/cgroup/memory', { fstype: 'cgroup', superOptions: 'rw,memory' });
    host.mount('/sys/fs/cgroup/cpuset', { fstype: 'cgroup', superOptions: 'rw,cpuset' });
    host.mount('/sys/fs/cgroup/unified', { fstype: 'cgroup2', superOptions: 'rw,nsdelegate' });
    const { outcome } = await find(host);
    const groups = ['/sys/fs/cgroup/memory/brickyard', '/sys/fs/cgroup/cpuset', '/sys/fs/cgroup/unified/brickyard'];
    expect(outcome).toMatchObject({
      value: { cgroup: { kind: 'groups', procs: groups.map((group) => `${group}/cgroup.procs`) } },
    });
    expect([...host.directories.keys()]).toEqual(expect.arrayContaining(groups));
  });

  it('is a warning where there is neither', async () => {
    const { outcome, said } = await find(new FakeHost());
    expect(outcome).toMatchObject({ value: { cgroup: { kind: 'none' } } });
    expect(said.at(-1)).toContain('mounts end with the container');
  });

  it('is a reason to stop where there is no client at all', async () => {
    const host = new FakeHost();
    host.hasClient = false;
    expect((await find(host)).outcome).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('worker-1 has no gluster client') as string,
    });
  });
});

describe('the client tree', () => {
  function bare(shared = true): FakeHost {
    const host = new FakeHost();
    host.hasClient = false;
    host.mount('/', { options: shared ? ['rw', 'shared'] : ['rw'] });
    return host;
  }

  it('is copied once a version and furnished once', async () => {
    const host = bare();
    const here = new FakeHost();
    const { outcome, said } = await find(host, here);
    expect(outcome).toMatchObject({
      value: { client: { kind: 'tree', version: '10.3', root: '/var/lib/brickyard/client/0.1.0' } },
    });
    expect(said.find((line) => line.startsWith('gluster client'))).toContain(
      'the image’s, in /var/lib/brickyard/client/0.1.0',
    );
    expect(here.calls).toEqual([
      'test -e /host/client/0.1.0',
      'mkdir --parents --mode=0750 -- /host/client',
      'rm --recursive --force -- /host/client/0.1.0.partial',
      'cp --archive --no-target-directory -- /image/client /host/client/0.1.0.partial',
      'sync --file-system -- /host/client/0.1.0.partial',
      'mv --no-target-directory -- /host/client/0.1.0.partial /host/client/0.1.0',
      'sync --file-system -- /host/client',
    ]);
    const inTree = ['/var/lib/brickyard/client/0.1.0/proc', '/var/lib/brickyard/client/0.1.0/kubelet'];
    expect(host.mounts.map((mount) => mount.target)).toEqual(['/', ...inTree]);
    expect((await find(host, here)).outcome.kind).toBe('done');
    expect(here.calls.length).toBe(8);
    expect(host.mounts.map((mount) => mount.target)).toEqual(['/', ...inTree]);
  });

  it('is copied anew when the first copy was never finished', async () => {
    const here = new FakeHost();
    for (let after = 1; after <= 7; after += 1) {
      here.files.clear();
      here.left = after;
      await find(bare(), here);
      here.left = Infinity;
      expect((await find(bare(), here)).outcome.kind).toBe('done');
      expect([...here.files]).toEqual(['/host/client/0.1.0']);
    }
  });

  it('is refused where its mounts would not be seen, and where it does not run', async () => {
    expect((await find(bare(false), new FakeHost())).outcome).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('mount --make-rshared /') as string,
    });
    const broken = bare();
    broken.treeRuns = false;
    expect((await find(broken, new FakeHost())).outcome).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('does not run') as string,
    });
  });
});
