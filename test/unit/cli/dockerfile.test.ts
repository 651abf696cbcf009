import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = readFileSync(fileURLToPath(new URL('../../../Dockerfile', import.meta.url)), 'utf8');

interface Stage {
  readonly name: string;
  readonly from: string;
  /** Instructions with continued lines joined, comments left out. */
  readonly steps: readonly string[];
}

const lines = source
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '');

const stages: readonly Stage[] = lines
  .flatMap((line, index) => (line.startsWith('FROM ') ? [index] : []))
  .map((start, index, starts) => {
    const [, from = '', name = ''] = /^FROM (\S+) AS (\S+)$/.exec(lines[start] ?? '') ?? [];
    return { name, from, steps: lines.slice(start + 1, starts[index + 1]) };
  });

const stage = (name: string): Stage => {
  const found = stages.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`no stage ${name} in the Dockerfile`);
  }
  return found;
};

/** The steps of a stage and of those that it is built on. */
const all = (name: string): readonly string[] => {
  const { from, steps } = stage(name);
  return [...(stages.some((each) => each.name === from) ? all(from) : []), ...steps];
};
const last = (name: string, instruction: string): string | undefined =>
  all(name).findLast((step) => step.startsWith(`${instruction} `));

describe('the Dockerfile', () => {
  it.each([
    ['controller', '1000:1000', '["serve"]', ['--heap-growing-percent=20']],
    ['node', '0:0', '["node", "serve"]', ['--lite-mode']],
    ['storage', '0:0', '["agent"]', []],
  ])('has a target %s that runs as %s and does %s by itself', (target, user, command, flags) => {
    const program = ['node', '--enable-source-maps', ...flags, '/app/dist/main.js'];
    expect(last(target, 'USER')).toBe(`USER ${user}`);
    expect(last(target, 'CMD')).toBe(`CMD ${command}`);
    expect(last(target, 'ENTRYPOINT')).toBe(`ENTRYPOINT [${program.map((each) => JSON.stringify(each)).join(', ')}]`);
    expect(last(target, 'ENV NODE_OPTIONS')).toBeUndefined();
    expect(all(target).some((step) => step.startsWith('ENV NODE_OPTIONS='))).toBe(true);
  });

  it('gives the controller when no target is named', () => {
    expect(stages.at(-1)?.name).toBe('controller');
  });

  it('puts nothing of gluster into the controller', () => {
    expect(all('controller').join('\n')).not.toMatch(/apt-get|gluster/);
  });

  it('gives storage nodes what glusterd and bricks need', () => {
    const install = stage('storage').steps.find((step) => step.includes('apt-get install')) ?? '';
    for (const wanted of ['glusterfs-server', 'xfsprogs', 'lvm2', 'thin-provisioning-tools', 'util-linux']) {
      expect(install.split(/\s+/)).toContain(wanted);
    }
  });

  it('gives nodes a client with a root of its own, which reaches the host by links', () => {
    const steps = stage('node').steps.join('\n');
    expect(steps).toContain('COPY --from=client-tree / /opt/brickyard/client-tree');
    for (const path of ['dev', 'etc/hosts', 'etc/resolv.conf', 'var/log/glusterfs']) {
      expect(steps).toContain(`ln -s /proc/1/root/${path} ${path}`);
    }
  });

  it('is the same for every processor: images of Debian and packages, no downloads', () => {
    const images = stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from));
    expect(new Set(images)).toEqual(new Set(['node:24-bookworm-slim', 'debian:bookworm-slim']));
    expect(lines.filter((line) => /\b(curl|wget|git clone)\b|^ADD |https?:|--platform|amd64|arm64/.test(line))).toEqual(
      [],
    );
    for (const install of lines.filter((line) => line.includes('apt-get install'))) {
      expect(install).toContain('--no-install-recommends');
      expect(install).toContain('rm -rf');
    }
  });
});
