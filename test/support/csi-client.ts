/** A small CSI client: what a kubelet says to a node plugin, over its two sockets. */
import { credentials, makeGenericClientConstructor, status, type Client, type ServiceError } from '@grpc/grpc-js';
import { definitions } from '../../src/csi/protocol/definitions.ts';

/** A call that was answered with an error: its gRPC code by name, and its text. */
export class CsiError extends Error {
  override readonly name = 'CsiError';
  readonly code: string;

  constructor(code: string, details: string) {
    super(`${code}: ${details}`);
    this.code = code;
  }
}

type Message = Readonly<Record<string, unknown>>;
export type AccessMode =
  | 'SINGLE_NODE_WRITER'
  | 'SINGLE_NODE_READER_ONLY'
  | 'MULTI_NODE_READER_ONLY'
  | 'MULTI_NODE_SINGLE_WRITER'
  | 'MULTI_NODE_MULTI_WRITER'
  | 'SINGLE_NODE_SINGLE_WRITER'
  | 'SINGLE_NODE_MULTI_WRITER';

export const mountCapability = (mode: AccessMode = 'MULTI_NODE_MULTI_WRITER', flags: readonly string[] = []) => ({
  mount: { mount_flags: flags },
  access_mode: { mode },
});

/** What a PersistentVolume says of a volume. */
export interface PublishedVolume {
  readonly volume_id: string;
  readonly volume_context: Readonly<Record<string, string>>;
}

export interface CallOptions {
  /** Milliseconds. Default: 120,000, as a kubelet's. */
  readonly timeoutMs?: number;
}

export class CsiClient {
  readonly #client: Client;

  constructor(socket: string) {
    const Generic = makeGenericClientConstructor({}, 'Csi');
    this.#client = new Generic(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  close(): void {
    this.#client.close();
  }

  /** Any call, with any message. Rejects with CsiError. */
  call(
    service: keyof typeof definitions,
    method: string,
    request: Message = {},
    { timeoutMs = 120_000 }: CallOptions = {},
  ): Promise<Message> {
    const definition = definitions[service][method];
    if (definition === undefined) {
      throw new TypeError(`no method ${service}.${method}`);
    }
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize as (message: Message) => Buffer,
        definition.responseDeserialize as (bytes: Buffer) => Message,
        request,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, answer?: Message) => {
          if (error === null) {
            resolve(answer ?? {});
          } else {
            reject(new CsiError(status[error.code], error.details));
          }
        },
      );
    });
  }

  node(method: string, request: Message = {}, options?: CallOptions): Promise<Message> {
    return this.call('node', method, request, options);
  }

  stage(volume: PublishedVolume, staging: string, capability: object = mountCapability()): Promise<Message> {
    return this.node('NodeStageVolume', {
      ...volume,
      staging_target_path: staging,
      volume_capability: capability,
    });
  }

  unstage({ volume_id }: PublishedVolume, staging: string): Promise<Message> {
    return this.node('NodeUnstageVolume', { volume_id, staging_target_path: staging });
  }

  publish(
    volume: PublishedVolume,
    staging: string,
    target: string,
    { capability = mountCapability(), readonly = false }: { capability?: object; readonly?: boolean } = {},
  ): Promise<Message> {
    return this.node('NodePublishVolume', {
      ...volume,
      staging_target_path: staging,
      target_path: target,
      volume_capability: capability,
      readonly,
    });
  }

  unpublish({ volume_id }: PublishedVolume, target: string): Promise<Message> {
    return this.node('NodeUnpublishVolume', { volume_id, target_path: target });
  }

  stats({ volume_id }: PublishedVolume, path: string): Promise<Message> {
    return this.node('NodeGetVolumeStats', { volume_id, volume_path: path });
  }
}

/** What a kubelet does with a socket in its plugins_registry folder: asks who is there, and says what it made of it. */
export async function registerThrough(socket: string): Promise<{
  readonly type: string;
  readonly name: string;
  readonly endpoint: string;
  readonly supported_versions: string[];
}> {
  const client = new CsiClient(socket);
  try {
    const info = await client.call('registration', 'GetInfo');
    await client.call('registration', 'NotifyRegistrationStatus', { plugin_registered: true, error: '' });
    return info as Awaited<ReturnType<typeof registerThrough>>;
  } finally {
    client.close();
  }
}
