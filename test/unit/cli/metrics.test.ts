import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/cli/metrics/metrics.ts';
import { benchOf, device } from '../engine/bench.ts';

function setUp() {
  return createMetrics({
    engine: () => undefined,
    leading: () => true,
    cacheAges: () => new Map([['persistentvolumeclaims', 1500]]),
  });
}

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

  it('shows queues, lanes, steps, calls, the leader and the age of caches', async () => {
    const { registry, controller, engine, kube } = setUp();
    controller.queueChanged('claims', 7, 3);
    controller.strayVolumes(2);
    engine.laneChanged('cluster', 'main', 8, 5);
    engine.stepFinished('create', 'done', 300);
    kube.called({ verb: 'create', resource: 'persistentvolumes', code: 201, ms: 12, bucket: 'default' });
    const text = await registry.metrics();
    for (const line of [
      'brickyard_queue_depth{queue="claims"} 7',
      'brickyard_queue_running{queue="claims"} 3',
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

  it('shows which nodes and devices are up, and every kind of problem with its count', async () => {
    const bench = await benchOf();
    const { registry } = createMetrics({ engine: () => bench.engine, leading: () => true, cacheAges: () => new Map() });
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
