import { describe, expect, it } from 'vitest';
import { definitions } from '../../../src/csi/protocol/definitions.ts';

type ServiceName = keyof typeof definitions;

function method(service: ServiceName, name: string) {
  const found = definitions[service][name];
  if (found === undefined) {
    throw new TypeError(`${service}.${name}`);
  }
  return found;
}

/** Bytes by hand, as the encoding of protocol buffers has them; all lengths and numbers here are below 128. */
const bytes = (...parts: readonly (number | string | readonly number[])[]): number[] =>
  parts.flatMap((part) =>
    typeof part === 'string' ? [...Buffer.from(part)] : typeof part === 'number' ? [part] : part,
  );
/** Text, or a message: field number and length in front. */
const field = (number: number, content: string | readonly number[]): number[] => {
  const inner = bytes(content);
  return [number * 8 + 2, inner.length, ...inner];
};
const integer = (number: number, value: number): number[] => [number * 8, value];
const entry = (number: number, key: string, value: string): number[] =>
  field(number, [...field(1, key), ...field(2, value)]);

const capability = (number: number) =>
  field(number, [
    ...field(2, [...field(1, 'glusterfs'), ...field(2, 'ro'), ...field(2, 'acl'), ...field(3, 'g')]),
    ...field(3, integer(1, 7)),
  ]);
const capabilityRead = {
  access_type: 'mount',
  mount: { fs_type: 'glusterfs', mount_flags: ['ro', 'acl'], volume_mount_group: 'g' },
  access_mode: { mode: 'SINGLE_NODE_MULTI_WRITER' },
};

interface Sample {
  readonly service: ServiceName;
  readonly method: string;
  readonly message: 'request' | 'response';
  readonly wire: readonly number[];
  readonly value: object;
}

/** Each field of each message that is not empty, by its number. */
const samples: readonly Sample[] = [
  {
    service: 'identity',
    method: 'GetPluginInfo',
    message: 'response',
    wire: [...field(1, 'name'), ...field(2, 'version'), ...entry(3, 'k', 'v')],
    value: { name: 'name', vendor_version: 'version', manifest: { k: 'v' } },
  },
  {
    service: 'identity',
    method: 'GetPluginCapabilities',
    message: 'response',
    wire: [...field(1, field(1, integer(1, 1))), ...field(1, field(2, integer(1, 1)))],
    value: {
      capabilities: [
        { type: 'service', service: { type: 'CONTROLLER_SERVICE' } },
        { type: 'volume_expansion', volume_expansion: { type: 'ONLINE' } },
      ],
    },
  },
  {
    service: 'identity',
    method: 'Probe',
    message: 'response',
    wire: field(1, integer(1, 1)),
    value: { ready: { value: true } },
  },
  {
    service: 'node',
    method: 'NodeStageVolume',
    message: 'request',
    wire: [
      ...field(1, 'id'),
      ...entry(2, 'p', 'q'),
      ...field(3, '/s'),
      ...capability(4),
      ...entry(5, 'secret', 'x'),
      ...entry(6, 'volume', 'v'),
    ],
    value: {
      volume_id: 'id',
      publish_context: { p: 'q' },
      staging_target_path: '/s',
      volume_capability: capabilityRead,
      secrets: { secret: 'x' },
      volume_context: { volume: 'v' },
    },
  },
  {
    service: 'node',
    method: 'NodeUnstageVolume',
    message: 'request',
    wire: [...field(1, 'id'), ...field(2, '/s')],
    value: { volume_id: 'id', staging_target_path: '/s' },
  },
  {
    service: 'node',
    method: 'NodePublishVolume',
    message: 'request',
    wire: [
      ...field(1, 'id'),
      ...entry(2, 'p', 'q'),
      ...field(3, '/s'),
      ...field(4, '/t'),
      ...capability(5),
      ...integer(6, 1),
      ...entry(7, 'secret', 'x'),
      ...entry(8, 'volume', 'v'),
    ],
    value: {
      volume_id: 'id',
      publish_context: { p: 'q' },
      staging_target_path: '/s',
      target_path: '/t',
      volume_capability: capabilityRead,
      readonly: true,
      secrets: { secret: 'x' },
      volume_context: { volume: 'v' },
    },
  },
  {
    service: 'node',
    method: 'NodeUnpublishVolume',
    message: 'request',
    wire: [...field(1, 'id'), ...field(2, '/t')],
    value: { volume_id: 'id', target_path: '/t' },
  },
  {
    service: 'node',
    method: 'NodeGetVolumeStats',
    message: 'request',
    wire: [...field(1, 'id'), ...field(2, '/t'), ...field(3, '/s')],
    value: { volume_id: 'id', volume_path: '/t', staging_target_path: '/s' },
  },
  {
    service: 'node',
    method: 'NodeGetVolumeStats',
    message: 'response',
    wire: [
      ...field(1, [...integer(1, 3), ...integer(2, 5), ...integer(3, 2), ...integer(4, 1)]),
      ...field(1, [...integer(1, 8), ...integer(2, 9), ...integer(3, 1), ...integer(4, 2)]),
      ...field(2, [...integer(1, 1), ...field(2, 'dead')]),
    ],
    value: {
      usage: [
        { available: '3', total: '5', used: '2', unit: 'BYTES' },
        { available: '8', total: '9', used: '1', unit: 'INODES' },
      ],
      volume_condition: { abnormal: true, message: 'dead' },
    },
  },
  {
    service: 'node',
    method: 'NodeExpandVolume',
    message: 'request',
    wire: [
      ...field(1, 'id'),
      ...field(2, '/t'),
      ...field(3, [...integer(1, 4), ...integer(2, 6)]),
      ...field(4, '/s'),
      ...capability(5),
      ...entry(6, 'secret', 'x'),
    ],
    value: {
      volume_id: 'id',
      volume_path: '/t',
      capacity_range: { required_bytes: '4', limit_bytes: '6' },
      staging_target_path: '/s',
      volume_capability: capabilityRead,
      secrets: { secret: 'x' },
    },
  },
  {
    service: 'node',
    method: 'NodeExpandVolume',
    message: 'response',
    wire: integer(1, 6),
    value: { capacity_bytes: '6' },
  },
  {
    service: 'node',
    method: 'NodeGetCapabilities',
    message: 'response',
    wire: [1, 2, 3, 4, 5, 6].flatMap((type) => field(1, field(1, integer(1, type)))),
    value: {
      capabilities: [
        'STAGE_UNSTAGE_VOLUME',
        'GET_VOLUME_STATS',
        'EXPAND_VOLUME',
        'VOLUME_CONDITION',
        'SINGLE_NODE_MULTI_WRITER',
        'VOLUME_MOUNT_GROUP',
      ].map((type) => ({ type: 'rpc', rpc: { type } })),
    },
  },
  {
    service: 'node',
    method: 'NodeGetInfo',
    message: 'response',
    wire: [...field(1, 'worker-1'), ...integer(2, 9), ...field(3, entry(1, 'zone', 'a'))],
    value: { node_id: 'worker-1', max_volumes_per_node: '9', accessible_topology: { segments: { zone: 'a' } } },
  },
  {
    service: 'registration',
    method: 'GetInfo',
    message: 'response',
    wire: [...field(1, 'CSIPlugin'), ...field(2, 'n'), ...field(3, '/e'), ...field(4, '1.0.0'), ...field(4, '1.1.0')],
    value: { type: 'CSIPlugin', name: 'n', endpoint: '/e', supported_versions: ['1.0.0', '1.1.0'] },
  },
  {
    service: 'registration',
    method: 'NotifyRegistrationStatus',
    message: 'request',
    wire: [...integer(1, 1), ...field(2, 'why')],
    value: { plugin_registered: true, error: 'why' },
  },
];

describe('the messages of proto/', () => {
  it.each(samples)('$service.$method: the $message reads as the wire contract has it, and back', (sample) => {
    const { message, wire, value } = sample;
    const definition = method(sample.service, sample.method);
    const [decode, encode] =
      message === 'request'
        ? [definition.requestDeserialize, definition.requestSerialize]
        : [definition.responseDeserialize, definition.responseSerialize];
    expect(decode(Buffer.from(wire))).toEqual(value);
    expect([...encode(value)]).toEqual(wire);
  });

  it('has the access modes by their numbers', () => {
    const { requestDeserialize } = method('node', 'NodeStageVolume');
    const modes = [0, 1, 2, 3, 4, 5, 6, 7].map((mode) => {
      const request: unknown = requestDeserialize(Buffer.from(field(4, field(3, mode === 0 ? [] : integer(1, mode)))));
      return (request as { volume_capability: { access_mode: { mode: string } } }).volume_capability.access_mode.mode;
    });
    expect(modes).toEqual([
      'UNKNOWN',
      'SINGLE_NODE_WRITER',
      'SINGLE_NODE_READER_ONLY',
      'MULTI_NODE_READER_ONLY',
      'MULTI_NODE_SINGLE_WRITER',
      'MULTI_NODE_MULTI_WRITER',
      'SINGLE_NODE_SINGLE_WRITER',
      'SINGLE_NODE_MULTI_WRITER',
    ]);
  });

  it('tells a block device by its field, though it is empty', () => {
    const { requestDeserialize } = method('node', 'NodeStageVolume');
    expect(requestDeserialize(Buffer.from(field(4, field(1, []))))).toMatchObject({
      volume_capability: { access_type: 'block', block: {}, access_mode: null },
    });
  });

  it('has the paths by which calls are told apart', () => {
    const paths = Object.values(definitions).flatMap((service) => Object.values(service).map(({ path }) => path));
    expect(paths).toEqual([
      '/csi.v1.Identity/GetPluginInfo',
      '/csi.v1.Identity/GetPluginCapabilities',
      '/csi.v1.Identity/Probe',
      '/csi.v1.Node/NodeStageVolume',
      '/csi.v1.Node/NodeUnstageVolume',
      '/csi.v1.Node/NodePublishVolume',
      '/csi.v1.Node/NodeUnpublishVolume',
      '/csi.v1.Node/NodeGetVolumeStats',
      '/csi.v1.Node/NodeExpandVolume',
      '/csi.v1.Node/NodeGetCapabilities',
      '/csi.v1.Node/NodeGetInfo',
      '/pluginregistration.Registration/GetInfo',
      '/pluginregistration.Registration/NotifyRegistrationStatus',
    ]);
  });
});
