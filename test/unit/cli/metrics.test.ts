import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics, type MetricSources } from '../../../src/cli/metrics/metrics.ts';
import type { WaitingReason } from '../../../src/controller/waiting-claims.ts';
import { nodeId } from '../../../src/domain/names.ts';
import { benchOf, device, forever, idOf, requestOf, valueOf } from '../engine/bench.ts';

const clock = { now: () => Date.parse('2026-01-01T01:00:00Z') };

function setUp(sources: Partial<MetricSources> = {}) {
  return createMetrics({
    version: '1.2.3',
    clock,
    leading: () => true,
    engine: () => undefined,
    controller: () => undefined,
    ...sources,
  });
}

const waiting = new Map<WaitingReason, { claims: number; oldest: number }>([
  ['capacity', { claims: 3, oldest: 90_000 }],
  ['node', { claims: 0, oldest: 0 }],
]);
const controller = {
  waitingClaims: () => waiting,
  classProblems: () => new Map([['gold', 2]]),
  cacheAges: () => new Map([['persistentvolumeclaims', 1500]]),
};

describe('metrics', () => {
  it('counts provisioning under the names of the provisioner library', async () => {
    const { registry, controller } = setUp();
    controller.provisionFinished('gold', 'done', 250);
    controller.provisionFinished('gold', 'waiting', 10);
    controller.provisionFinished('gold', 'unknown', 10);
    const text = await registry.metrics();
    expect(text).toContain('controller_persistentvolumeclaim_provision_total{class="gold",source=""} 1');
    expect(text).toContain('controller_persistentvolumeclaim_provision_failed_total{class="gold",source=""} 1');
    expect(text).toContain(
      'controller_persistentvolumeclaim_provision_duration_seconds_sum{class="gold",source=""} 0.25',
    );
    expect(text).toContain('brickyard_attempts_total{operation="provision",result="unknown"} 1');
  });

  it('counts deletion under the names of the provisioner library', async () => {
    const { registry, controller } = setUp();
    controller.deleteFinished('gold', 'done', 2000);
    controller.deleteFinished('gold', 'failed', 10);
    const text = await registry.metrics();
    expect(text).toContain('controller_persistentvolume_delete_total{class="gold"} 1');
    expect(text).toContain('controller_persistentvolume_delete_failed_total{class="gold"} 1');
    expect(text).toContain('controller_persistentvolume_delete_duration_seconds_count{class="gold"} 1');
  });

  it('counts growth, and times what became larger', async () => {
    const { registry, controller } = setUp();
    controller.growFinished('gold', 'done', 1500);
    controller.growFinished('gold', 'waiting', 10);
    const text = await registry.metrics();
    expect(text).toContain('brickyard_attempts_total{operation="grow",result="waiting"} 1');
    expect(text).toContain('brickyard_volume_growth_duration_seconds_sum{class="gold"} 1.5');
    expect(text).toContain('brickyard_volume_growth_duration_seconds_count{class="gold"} 1');
  });

  it('shows queues, lanes, steps, calls, claims that wait, classes, the leader and the age of caches', async () => {
    const { registry, controller: observer, engine, kube } = setUp({ controller: () => controller });
    observer.queueChanged('claims', 7, 3, 4);
    observer.queueTaken('claims', 2000);
    observer.queueFinished('claims', 'retry', 500);
    observer.strayVolumes(2);
    engine.laneChanged('cluster', 'main', 8, 5);
    engine.stepFinished('create', 'done', 300);
    kube.called({ verb: 'create', resource: 'persistentvolumes', code: 201, ms: 12, bucket: 'default' });
    const text = await registry.metrics();
    for (const line of [
      'brickyard_queue_depth{queue="claims"} 7',
      'brickyard_queue_running{queue="claims"} 3',
      'brickyard_queue_delayed{queue="claims"} 4',
      'brickyard_queue_wait_duration_seconds_sum{queue="claims"} 2',
      'brickyard_queue_work_duration_seconds_sum{queue="claims",next="retry"} 0.5',
      'brickyard_claims_waiting{reason="capacity"} 3',
      'brickyard_claims_waiting{reason="node"} 0',
      'brickyard_claims_waiting_oldest_seconds{reason="capacity"} 90',
      'brickyard_class_problems{class="gold"} 2',
      'brickyard_build_info{version="1.2.3"} 1',
      'brickyard_stray_volumes 2',
      'brickyard_lane_running{lane="cluster",name="main"} 8',
      'brickyard_lane_waiting{lane="cluster",name="main"} 5',
      'brickyard_step_duration_seconds_sum{step="create",outcome="done"} 0.3',
      'brickyard_kube_calls_total{verb="create",resource="persistentvolumes",code="201"} 1',
      'brickyard_leader 1',
      'brickyard_cache_age_seconds{resource="persistentvolumeclaims"} 1.5',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('says nothing of an inventory on a replica that has no engine open', async () => {
    const text = await setUp().registry.metrics();
    expect(text).not.toMatch(/^brickyard_device_size_bytes\{/m);
    expect(text).not.toMatch(/^brickyard_volumes\{/m);
  });

  it('shows how full devices and clusters are, and volumes by phase and age', async () => {
    const bench = await benchOf();
    for (const index of [1, 2]) {
      valueOf(await bench.engine.ensureVolume(requestOf(index), forever));
    }
    valueOf(await bench.engine.confirmVolume(idOf(1)));
    const since = Date.parse(bench.engine.volume(idOf(2))?.createdAt ?? '');
    const { registry } = setUp({ engine: () => bench.engine, clock: { now: () => since + 7000 } });
    await bench.engine.setPlacementState({ node: nodeId('n3') }, 'offline');
    const text = await registry.metrics();
    const [one, ...others] = bench.engine.usage();
    const used = [one, ...others].reduce((sum, row) => sum + (row?.used ?? 0), 0);
    const size = (bench.engine.volume(idOf(1))?.size ?? 0) + (bench.engine.volume(idOf(2))?.size ?? 0);
    for (const line of [
      `brickyard_device_used_bytes{cluster="east",node="n1",zone="${one?.zone ?? ''}",device="/dev/vdb"} ${one?.used ?? 0}`,
      'brickyard_device_open{cluster="east",node="n1",device="/dev/vdb"} 1',
      'brickyard_device_open{cluster="east",node="n3",device="/dev/vdb"} 0',
      `brickyard_cluster_used_bytes{cluster="east"} ${used}`,
      `brickyard_cluster_volume_bytes{cluster="east"} ${size}`,
      'brickyard_volumes{cluster="east",phase="ready"} 1',
      'brickyard_volumes{cluster="east",phase="creating"} 1',
      'brickyard_volumes{cluster="east",phase="deleting"} 0',
      'brickyard_volumes_oldest_seconds{phase="creating"} 7',
      'brickyard_volumes_oldest_seconds{phase="deleting"} 0',
      'brickyard_volumes_rebalancing{cluster="east"} 0',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toMatch(/^brickyard_cluster_blocked_bytes\{cluster="east"\} 0$/m);
    await bench.engine.close();
  });

  it('shows when certificates run out, the first of several in a file, and nothing of a file that is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brickyard-metrics-'));
    try {
      const pem = (name: string): Promise<string> =>
        readFile(new URL(`../../fixtures/tls/${name}.crt`, import.meta.url), 'utf8');
      const both = [await pem('ca-new'), await pem('ca-old')];
      const end = Math.min(...both.map((text) => new X509Certificate(text).validToDate.getTime())) / 1000;
      await writeFile(join(folder, 'ca.crt'), both.join(''));
      const text = await setUp({ certDir: folder }).registry.metrics();
      expect(text).toContain(`brickyard_certificate_expiry_timestamp_seconds{file="ca.crt"} ${end}`);
      expect(text).not.toContain('file="tls.crt"');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shows which nodes and devices are up, and every kind of problem with its count', async () => {
    const bench = await benchOf();
    const { registry } = setUp({ engine: () => bench.engine });
    expect(await registry.metrics()).not.toMatch(/^brickyard_node_up\{/m);
    bench.engine.nodeWatch.start();
    bench.storage.setUp('n2', false);
    bench.storage.changeDisk('n3', device, 'missing');
    await bench.clock.advance(45_000);
    const text = await registry.metrics();
    for (const line of [
      'brickyard_node_up{cluster="east",node="n1"} 1',
      'brickyard_node_up{cluster="east",node="n2"} 0',
      'brickyard_device_up{cluster="east",node="n1",device="/dev/vdb"} 1',
      'brickyard_device_up{cluster="east",node="n3",device="/dev/vdb"} 0',
      'brickyard_node_problems{cluster="east",node="n2",problem="unreachable"} 1',
      'brickyard_node_problems{cluster="east",node="n3",problem="device-missing"} 1',
      'brickyard_node_problems{cluster="east",node="n1",problem="reinstalled"} 0',
    ]) {
      expect(text).toContain(line);
    }
    await bench.engine.close();
  });
});
