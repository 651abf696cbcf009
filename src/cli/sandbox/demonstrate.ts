import { writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { messageOf } from '../../domain/error-message.ts';
import { remoteAdmin } from '../../api/remote-admin.ts';
import { parseTopologyFile } from '../../api/topology-file.ts';
import type { Clock, Random } from '../../domain/clock.ts';
import type { DesiredTopology } from '../../domain/desired-topology.ts';
import type { Log } from '../../domain/log.ts';
import { bytes, describeSize, GiB } from '../../domain/quantity.ts';
import { startSandbox } from '../../sandbox/index.ts';
import type { SandboxFlags } from './flags.ts';
import { loadTopology, readTopologyFile } from '../commands/topology-load.ts';
import type { Config } from '../config/schema.ts';
import { CommandError } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { startBrickyard, type Brickyard } from '../serve/brickyard.ts';
import { createKubeClient } from '../serve/kube-client.ts';
import { DemoClaims } from './claims.ts';
import { holdsWithin, type Narrator } from './narrator.ts';
import { claimTable, nextSteps } from './report.ts';
import { layoutDocument, simulatedNodes } from './topology.ts';

export interface DemonstrationParts {
  readonly flags: SandboxFlags;
  readonly config: Config;
  readonly io: Io;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly narrator: Narrator;
}

/** Milliseconds for the controller to begin. */
const startLimit = 20_000;

/** From nothing to bound claims and a table of them. Throws CommandError when a claim does not get bound. */
export async function demonstrate(parts: DemonstrationParts): Promise<void> {
  const { flags, io, lifecycle, narrator } = parts;
  const document = flags.topology === undefined ? layoutDocument(flags) : await readTopologyFile(flags.topology);
  const topology = parseTopologyFile(document);
  const config = await startWorld(parts, topology);
  const brickyard = await startBrickyard({ ...parts, config });
  await leads(parts, brickyard);
  narrator.say('the controller leads and is ready');

  const admin = remoteAdmin(config.admin.socket);
  // The very code of "topology load"; the difference to nothing is not worth showing.
  const quiet: Io = { ...io, out: () => undefined };
  await loadTopology(admin, document, quiet, { dryRun: false, yes: true, json: false });
  narrator.say(`the topology is loaded: ${describeTopology(topology, flags.deviceSize)}`);

  const claims = await bindClaims(parts, config);
  io.out('');
  io.out(claimTable(claims.all(), await admin.volumes()));
  io.out('');
  if (flags.once) {
    await claims.remove();
    await settled(parts, 'the volumes of deleted claims to go', () => brickyard.engine()?.volumes().length === 0);
    narrator.say('the claims are deleted, and their volumes with them');
  } else {
    const kubeconfig = resolve(flags.kubeconfig ?? config.kubeconfig ?? '');
    io.out(nextSteps({ kubeconfig, stateDir: config.stateDir, opsUrl: brickyard.opsUrl, brickyard: invocation() }));
  }
  lifecycle.draining.throwIfAborted();
}

/** Kubernetes API and storage nodes. Returns the configuration with which a controller reaches them. */
async function startWorld(parts: DemonstrationParts, topology: DesiredTopology): Promise<Config> {
  const { flags, config, lifecycle, narrator } = parts;
  const nodes = simulatedNodes(topology, bytes(flags.deviceSize * GiB));
  const { port, serverVersion } = flags;
  const sandbox = await startSandbox({ ...parts, port, serverVersion, nodes }).catch((error: unknown) => {
    const why = messageOf(error);
    throw new CommandError(`the sandbox cannot start: ${why}`, { cause: error });
  });
  lifecycle.onClose('sandbox', () => sandbox.close());
  sandbox.kube.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: config.namespace } });
  const tokenFile = join(config.stateDir, 'nodes.token');
  const secretFiles = [
    [config.kubeconfig, sandbox.kube.kubeconfig],
    [flags.kubeconfig === undefined ? undefined : resolve(flags.kubeconfig), sandbox.kube.kubeconfig],
    [tokenFile, sandbox.storage.token],
  ] as const;
  for (const [path, content] of secretFiles) {
    if (path !== undefined) {
      await writeFile(path, content, { mode: 0o600 });
    }
  }
  narrator.say(`a Kubernetes API listens on ${new URL(sandbox.kube.url).origin}`);
  narrator.say(`${nodes.length} simulated storage nodes listen on ${sandbox.storage.url}`);
  return { ...config, nodes: { kind: 'simulated', remote: { url: sandbox.storage.url, tokenFile } } };
}

async function leads({ clock, lifecycle }: DemonstrationParts, { status }: Brickyard): Promise<void> {
  const ready = (): boolean => status.role === 'leader' && status.readiness().ready;
  if (!(await holdsWithin(clock, startLimit, lifecycle.draining, ready))) {
    throw new CommandError(`the controller is not ready: ${status.readiness().reasons.join('; ')}`);
  }
}

async function bindClaims(parts: DemonstrationParts, config: Config): Promise<DemoClaims> {
  const { flags, lifecycle, narrator } = parts;
  const api = await createKubeClient({ ...parts, config, observer: { called: () => undefined } });
  lifecycle.onClose('client of the demonstration', () => api.close());
  const claims = new DemoClaims({
    ...parts,
    api,
    onBound: ({ metadata, spec }) => narrator.say(`claim ${metadata.name} is bound to ${spec.volumeName}`),
  });
  lifecycle.onClose('claims of the demonstration', () => claims.stop());
  const className = await claims.create(flags.claims);
  narrator.say(`StorageClass ${className} and ${flags.claims} claim(s) are created`);
  const bound = (): boolean => claims.all().length === flags.claims && claims.unbound().length === 0;
  if (!(await holdsWithin(parts.clock, flags.wait * 1000, lifecycle.draining, bound))) {
    const reasons = await Promise.all(
      claims.unbound().map(async (claim) => `${claim.metadata.name}: ${await claims.lastEvent(claim)}`),
    );
    const count = `${reasons.length} of ${flags.claims} claim(s) are not bound`;
    if (flags.once) {
      throw new CommandError(`${count}:\n${reasons.join('\n')}`);
    }
    parts.io.err(`${count}:\n${reasons.join('\n')}`);
  }
  return claims;
}

async function settled(parts: DemonstrationParts, what: string, condition: () => boolean): Promise<void> {
  const limit = parts.flags.wait * 1000;
  if (!(await holdsWithin(parts.clock, limit, parts.lifecycle.draining, condition))) {
    throw new CommandError(`waited ${parts.flags.wait} s for ${what}, in vain`);
  }
}

function describeTopology({ clusters }: DesiredTopology, deviceSize: number): string {
  const nodes = clusters.flatMap((cluster) => cluster.nodes);
  const zones = new Set(nodes.map((node) => node.zone)).size;
  const devices = nodes.flatMap((node) => node.devices).length;
  return `${zones} zone(s), ${nodes.length} node(s), ${devices} device(s) of ${describeSize(deviceSize * GiB)}`;
}

/** This program as it was started, as short as can be typed in the same folder. */
function invocation(): string {
  const shortest = (path: string): string => {
    const near = relative(process.cwd(), path);
    return near.length < path.length && !near.startsWith('..') ? near : path;
  };
  return [process.execPath, process.argv[1] ?? ''].map(shortest).join(' ');
}
