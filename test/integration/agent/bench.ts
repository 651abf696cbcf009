/** Agents behind real TLS on loopback, over simulated nodes or any port, with a socket in between that can be made bad. */
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CertificateFolder,
  controllerHolder,
  nodeHolder,
  type Holder,
} from '../../../src/agent/certificates/folder.ts';
import { createAgentStorageNodes, type AgentStorageNodes } from '../../../src/agent/client/storage-nodes.ts';
import { startAgent, type Agent, type AgentOptions } from '../../../src/agent/server/agent.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { deviceName, hostName, nodeId, type NodeId } from '../../../src/domain/names.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { StorageNodes } from '../../../src/engine/ports.ts';
import { mulberry32 } from '../../support/random.ts';
import { realClock } from '../../support/test-api.ts';

export const disk = deviceName('/dev/vdb');
export const forever = { signal: new AbortController().signal };

export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

export const nodeAt = (id: string, address = '127.0.0.1'): NodeRef => ({
  id: nodeId(id),
  manage: hostName(address),
  storage: hostName('127.0.0.1'),
});

/** Certificates for the controller and `nodes` in a new folder. */
export class TestCertificates {
  readonly directory: string;
  readonly folder: CertificateFolder;

  private constructor(directory: string, clock: Clock) {
    this.directory = directory;
    this.folder = new CertificateFolder(directory, clock);
  }

  static async make(nodes: readonly string[], clock: Clock = realClock, days = 30): Promise<TestCertificates> {
    const made = new TestCertificates(await mkdtemp(join(tmpdir(), 'brickyard-certs-')), clock);
    const { authority } = await made.folder.ensureAuthority(3650);
    for (const holder of [controllerHolder, ...nodes.map((id) => nodeHolder(nodeId(id)))]) {
      await made.folder.create(holder, authority, days);
    }
    return made;
  }

  get controller(): string {
    return join(this.directory, 'controller');
  }

  node(id: string): string {
    return join(this.directory, 'nodes', id);
  }

  /** The files of `from` in the place of those of `to`, as a rotation leaves them. */
  async replace(to: string, from: string): Promise<void> {
    await cp(from, to, { recursive: true, force: true });
  }

  /** What a rotation that was forgotten leaves: a certificate by the same authority that is over since long. */
  async renewLongAgo(holder: Holder): Promise<void> {
    const folder = new CertificateFolder(this.directory, { ...realClock, now: () => Date.UTC(2020, 0, 1) });
    await folder.renew(holder, await this.folder.authority(), 1);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

export interface TestAgentOptions extends Partial<AgentOptions> {
  readonly id?: string;
  readonly nodes: StorageNodes;
  readonly certDir: string;
}

export function startTestAgent({ id = 'node-1', ...options }: TestAgentOptions): Promise<Agent> {
  return startAgent({
    node: nodeId(id),
    devices: [disk],
    listen: { host: '127.0.0.1', port: 0 },
    version: 'test',
    clock: realClock,
    log: silentLog,
    retryMs: 20,
    lookEveryMs: 50,
    ...options,
  });
}

export const portOf = (url: string): number => Number(new URL(url).port);

export function clientTo(
  port: number,
  certDir: string,
  options: Partial<Parameters<typeof createAgentStorageNodes>[0]> = {},
): AgentStorageNodes {
  return createAgentStorageNodes({
    clock: realClock,
    random: mulberry32(3),
    port,
    certDir,
    lookEveryMs: 50,
    ...options,
  });
}

/** What becomes of the bytes of a connection from some moment on. */
export type Cable = 'whole' | 'refuse' | 'cut-answers' | 'silent';

/** Between client and agent: passes bytes on until it is told otherwise. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: () => number;
  cable: Cable = 'whole';

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  /** `place`: where to listen; by default any free port of 127.0.0.1. */
  static async start(target: () => number, place = { host: '127.0.0.1', port: 0 }): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(place);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection there is. */
  cut(): void {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    this.#keep(client);
    if (this.cable === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const agent = connect(this.#target(), '127.0.0.1');
    this.#keep(agent);
    client.on('data', (bytes) => {
      if (this.cable !== 'silent') {
        agent.write(bytes);
      }
    });
    agent.on('data', (bytes) => {
      if (this.cable === 'cut-answers') {
        client.resetAndDestroy();
      } else if (this.cable !== 'silent') {
        client.write(bytes);
      }
    });
    client.on('close', () => agent.destroy());
    agent.on('close', () => client.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** A port that answers what it is told, and remembers what it was asked. */
export interface Scripted {
  readonly nodes: StorageNodes;
  /** `verb first-argument`, in the order in which they began. */
  readonly begun: string[];
  readonly ended: string[];
}

type Script = (verb: string, args: readonly unknown[], signal: AbortSignal) => Promise<Outcome<unknown>>;

export function scripted(script: Script, names: readonly string[]): Scripted {
  const begun: string[] = [];
  const ended: string[] = [];
  const entries = names.map((verb) => {
    const method = async (_node: NodeRef, ...rest: readonly unknown[]): Promise<Outcome<unknown>> => {
      const args = rest.slice(0, -1);
      const { signal } = rest.at(-1) as { readonly signal: AbortSignal };
      const first = args[0] as { readonly id?: string } | string | undefined;
      const about = `${verb} ${typeof first === 'object' ? first.id : first}`;
      begun.push(about);
      const outcome = await script(verb, args, signal);
      ended.push(about);
      return outcome;
    };
    return [verb, method] as const;
  });
  return { nodes: Object.fromEntries(entries) as unknown as StorageNodes, begun, ended };
}

export const idOf = (text: string): NodeId => nodeId(text);
