/** `npm run bench -- <name>`: measures one of the budgets of docs/architecture.md. Each bench is loaded when asked for. */
type Bench = (args: readonly string[]) => Promise<void> | void;

const benches: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Bench> }>> = {
  placement: {
    about: 'CPU time of one plan, by number of devices and volumes',
    load: async () => (await import('./placement.ts')).run,
  },
  fill: {
    about: 'how full mixed pools get before the first refusal, how evenly, and how zones are shared',
    load: async () => (await import('./fill.ts')).run,
  },
  claims: {
    about:
      'claims per second, time to bound, memory, API writes and CPU per claim: claims [COUNT] [UNDER WAY] [--store sqlite|kubernetes] [--api sandbox|kubeconfig]',
    load: async () => (await import('./claims.ts')).run,
  },
  gluster: {
    about: 'our rate on a real gluster beside the bare commands, and time per step: gluster [VOLUMES] [UNDER WAY]',
    load: async () => (await import('./gluster.ts')).run,
  },
  takeover: {
    about: 'time until another replica serves claims after SIGKILL and after SIGTERM: takeover [ROUNDS] [VOLUMES]',
    load: async () => (await import('./takeover.ts')).run,
  },
  mounts: {
    about:
      'mounts on one node: time for each, memory of the plugin, restart with all in place: mounts [STAGED] [PODS EACH]',
    load: async () => (await import('./mounts.ts')).run,
  },
  plugin: {
    about: 'memory of the node plugin as its image runs it, at rest and after many calls: plugin [CALLS]',
    load: async () => (await import('./plugin.ts')).run,
  },
  restart: {
    about: 'time from opening each store to ready, and memory, with many volumes: restart [VOLUMES]',
    load: async () => (await import('./restart.ts')).run,
  },
};

const [name = '', ...args] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  console.error(`expected a bench, got ${JSON.stringify(name)}. There are:`);
  for (const [each, { about }] of Object.entries(benches)) {
    console.error(`  npm run bench -- ${each.padEnd(12)} ${about}`);
  }
  process.exitCode = 2;
} else {
  await (
    await bench.load()
  )(args);
}
