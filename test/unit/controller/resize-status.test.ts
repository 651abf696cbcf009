import { describe, expect, it } from 'vitest';
import { begun, finished, tidied, troubled, withoutAllocation } from '../../../src/controller/resize-status.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { boundClaim, provisioner } from './objects.ts';

const now = '2026-01-01T00:00:00Z';
const earlier = '2025-12-31T00:00:00Z';
const nine = bytes(9 * GiB);
const resizing = { type: 'Resizing', status: 'True', lastTransitionTime: earlier };
const error = {
  type: 'ControllerResizeError',
  status: 'True',
  reason: 'Waiting',
  message: 'no room',
  lastTransitionTime: earlier,
};
const strange = { type: 'ModifyingVolume', status: 'True' };
const inWork = {
  conditions: [resizing],
  allocatedResources: { storage: '9Gi' },
  allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
};
const plain = (change: unknown): unknown => JSON.parse(JSON.stringify(change ?? null));

describe('the beginning', () => {
  it("says the size and that it is in work, and keeps other people's conditions", () => {
    const subject = boundClaim('9Gi', { status: { conditions: [strange, error] } });
    expect(plain(begun(subject, nine, { csi: false }, now))).toEqual({
      status: {
        conditions: [strange, { type: 'Resizing', status: 'True', lastTransitionTime: now }],
        allocatedResources: { storage: '9Gi' },
        allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
      },
    });
  });

  it('tells kubelets that they have nothing to do when the volume is a csi one', () => {
    expect(begun(boundClaim('9Gi'), nine, { csi: true }, now)?.annotations).toEqual({
      'volume.kubernetes.io/node-expansion-not-required': 'true',
    });
  });

  it('says nothing twice, neither when the size was found infeasible', () => {
    expect(begun(boundClaim('9Gi', { status: inWork }), nine, { csi: false }, now)).toBeUndefined();
    const infeasible = { ...inWork, allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } };
    expect(begun(boundClaim('9Gi', { status: infeasible }), nine, { csi: false }, now)).toBeUndefined();
    expect(begun(boundClaim('8Gi', { status: infeasible }), bytes(8 * GiB), { csi: false }, now)).toMatchObject({
      status: {
        allocatedResources: { storage: '8Gi' },
        allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
      },
    });
  });

  it('keeps the condition that the in-tree expander has put there', () => {
    const change = begun(boundClaim('9Gi', { status: { conditions: [resizing] } }), nine, { csi: false }, now);
    expect(plain(change?.status.conditions)).toEqual([resizing]);
  });
});

describe('trouble', () => {
  const waiting = { kind: 'Waiting', message: 'no room' } as const;

  it('is a condition with the reason, and Resizing stays', () => {
    const change = troubled(boundClaim('9Gi', { status: inWork }), waiting, now);
    expect(plain(change?.status.conditions)).toEqual([resizing, { ...error, lastTransitionTime: now }]);
    expect(change?.status.allocatedResourceStatuses).toEqual({ storage: 'ControllerResizeInProgress' });
  });

  it('is infeasible when it was rejected', () => {
    const change = troubled(boundClaim('9Gi', { status: inWork }), { kind: 'Rejected', message: 'never' }, now);
    expect(change?.status.allocatedResourceStatuses).toEqual({ storage: 'ControllerResizeInfeasible' });
  });

  it('is written once, and keeps the time of its beginning when its words change', () => {
    const status = { ...inWork, conditions: [resizing, error] };
    expect(troubled(boundClaim('9Gi', { status }), waiting, now)).toBeUndefined();
    const other = troubled(boundClaim('9Gi', { status }), { kind: 'Failed', message: 'broken' }, now);
    expect(other?.status.conditions?.at(-1)).toMatchObject({ reason: 'Failed', lastTransitionTime: earlier });
  });

  it('sends a server that keeps no allocated size only what it knows', () => {
    const status = { conditions: [resizing] };
    expect(Object.keys(troubled(boundClaim('9Gi', { status }), waiting, now)?.status ?? {})).toEqual(['conditions']);
    const said = { conditions: [resizing, error] };
    expect(troubled(boundClaim('9Gi', { status: said }), waiting, now)).toBeUndefined();
  });
});

describe('the end', () => {
  it('says the size, and nothing of work or trouble any more', () => {
    const status = { ...inWork, conditions: [strange, resizing, error] };
    expect(plain(finished(boundClaim('9Gi', { status }), nine, bytes(10 * GiB), provisioner))).toEqual({
      status: {
        capacity: { storage: '10Gi' },
        conditions: [strange],
        allocatedResourceStatuses: { storage: null },
      },
    });
  });

  it('says on old servers that it was us, where the in-tree expander had put its name', () => {
    const annotations = { 'volume.kubernetes.io/storage-resizer': 'kubernetes.io/glusterfs' };
    const subject = boundClaim('9Gi', { annotations, status: { conditions: [resizing] } });
    expect(plain(finished(subject, nine, nine, provisioner))).toEqual({
      annotations: { 'volume.kubernetes.io/storage-resizer': provisioner },
      status: { capacity: { storage: '9Gi' }, conditions: null },
    });
  });

  it('counts all that the volume has when less was asked for in the end', () => {
    const change = finished(boundClaim('6Gi', { status: inWork }), bytes(6 * GiB), bytes(7 * GiB), provisioner);
    expect(change?.status.allocatedResources).toEqual({ storage: '7Gi' });
  });

  it('never says less than there was, and nothing when all is said', () => {
    const status = { ...inWork, capacity: { storage: '20Gi' } };
    expect(finished(boundClaim('9Gi', { status }), nine, nine, provisioner)?.status).not.toHaveProperty('capacity');
    expect(
      finished(boundClaim('9Gi', { status: { capacity: { storage: '9Gi' } } }), nine, nine, provisioner),
    ).toBeUndefined();
    expect(tidied(boundClaim('9Gi'), provisioner)).toBeUndefined();
  });
});

it('can be said without the two fields that some servers know by other words', () => {
  const change = begun(boundClaim('9Gi'), nine, { csi: true }, now);
  expect(change).toBeDefined();
  const rest = change === undefined ? undefined : withoutAllocation(change);
  expect(Object.keys(rest?.status ?? {})).toEqual(['conditions']);
  expect(rest?.annotations).toEqual(change?.annotations);
});
