/** The process that bench/mounts.ts measures: src/csi/mounts and nothing else. Does its errand, answers, and waits to be killed. */
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { systemClock } from '../src/cli/system-clock.ts';
import { findClientHost } from '../src/csi/mounts/client-host.ts';
import { openMounts } from '../src/csi/mounts/open.ts';
import { silentLog } from '../src/domain/log.ts';
import { hostName, nodeId, volumeName } from '../src/domain/names.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { createLocalRunner } from '../src/gluster/local-runner.ts';
import { wholly } from '../test/gluster/harness/namespaces.ts';

export const volumes = 4;
export const kubelet = '/run/kubelet';
const context = { signal: new AbortController().signal };

const errandShape = z.object({
  what: z.enum(['mount', 'find', 'remove']),
  pid: z.number(),
  servers: z.array(z.string()),
  staged: z.number(),
  each: z.number(),
});
export type Errand = z.infer<typeof errandShape>;

export const answerShape = z.object({
  stage: z.array(z.number()),
  publish: z.array(z.number()),
  /** Milliseconds until everything that was asked for is known. */
  knownMs: z.number(),
  known: z.number(),
  beforeMiB: z.number(),
  rssMiB: z.number(),
  groups: z.array(z.string()),
});
export type Answer = z.infer<typeof answerShape>;

async function perform({ what, pid, servers, staged, each }: Errand): Promise<Answer> {
  const began = performance.now();
  const beforeMiB = process.memoryUsage.rss() / 2 ** 20;
  const runner = createLocalRunner({ clock: systemClock, prefix: wholly(pid) });
  const host = {
    runner,
    log: silentLog,
    node: { id: nodeId('client'), manage: hostName('client'), storage: hostName('client') },
    kubeletDirectory: kubelet,
  };
  const found = valueOf(await findClientHost(host, context));
  const mounts = openMounts({ ...host, clock: systemClock, ...found });
  const stage: number[] = [];
  const publish: number[] = [];
  const timed = async (times: number[], work: () => Promise<Outcome<void>>): Promise<void> => {
    const start = performance.now();
    valueOf(await work());
    times.push(performance.now() - start);
  };
  for (let index = 0; index < (what === 'find' ? 0 : staged); index += 1) {
    const directory = `${kubelet}/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/${index}/globalmount`;
    const pods = Array.from(
      { length: each },
      (_, pod) => `${kubelet}/pods/${index}-${pod}/volumes/kubernetes.io~csi/data/mount`,
    );
    const wish = {
      volume: volumeName(`bench-${index % volumes}`),
      servers: servers.map((server) => hostName(server)),
      options: [],
      readOnly: false,
    };
    if (what === 'mount') {
      await timed(stage, () => mounts.stage(directory, wish, context));
    }
    for (const pod of pods) {
      await timed(publish, () =>
        what === 'mount'
          ? mounts.publish(directory, pod, { readOnly: false }, context)
          : mounts.unpublish(pod, context),
      );
    }
    if (what === 'remove') {
      await timed(stage, () => mounts.unstage(directory, context));
    }
  }
  const known = valueOf(await mounts.known(context)).flatMap(({ targets }) => targets).length;
  const knownMs = performance.now() - began;
  const groups =
    found.cgroup.kind === 'groups' ? found.cgroup.procs.map((file) => file.replace(/\/cgroup\.procs$/, '')) : [];
  return {
    stage,
    publish,
    known,
    knownMs,
    beforeMiB,
    rssMiB: process.memoryUsage.rss() / 2 ** 20,
    groups: groups.filter((group) => group.endsWith('/brickyard')),
  };
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

const asked = process.env['BRICKYARD_BENCH_MOUNTS'];
if (asked !== undefined && process.send !== undefined) {
  process.send(await perform(errandShape.parse(JSON.parse(asked))));
  // Else it would end by itself: nobody sends it anything.
  process.channel?.ref();
}
