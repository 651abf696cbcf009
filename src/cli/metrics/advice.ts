/** For operators, beside what a metric's own help says: its unit, and what to do when it is odd. For docs/metrics.md. */

export interface Advice {
  readonly unit: string;
  readonly odd: string;
}

const count = 'count';
const seconds = 'seconds';
const bytes = 'bytes';
const flag = '0 or 1';

const full = 'Add devices or nodes before it is short: `brickyard capacity` says what still fits.';
const slowStep =
  'One step much slower than the others points at gluster (create, start), LVM (bricks) or the store (commit).';

/** By metric. A test holds it to the registry: none is missing, and none is left over. */
export const advice: Readonly<Record<string, Advice>> = {
  brickyard_attempts_total: {
    unit: count,
    odd: '`failed` or `unknown` that goes on growing: the log line of the attempt names the step and the reason.',
  },
  brickyard_build_info: { unit: '1', odd: 'Several versions for longer than a rollout takes: a replica hangs.' },
  brickyard_cache_age_seconds: {
    unit: seconds,
    odd: 'Above 180 the replica is not ready: the watch of that kind stands still. See errors of `brickyard_kube_calls_total`.',
  },
  brickyard_certificate_expiry_timestamp_seconds: {
    unit: 'seconds since 1970 UTC',
    odd: 'Less than two weeks ahead: renew it, `brickyard certs renew` or cert-manager. Once it is over no agent is reached.',
  },
  brickyard_claims_waiting: {
    unit: count,
    odd: '`capacity`: there is no room. `node`: a storage node is away. `refused`, `rejected`: the event on the claim says what to write otherwise.',
  },
  brickyard_claims_waiting_oldest_seconds: {
    unit: seconds,
    odd: 'More than some minutes for any reason but `consumer`: `kubectl describe pvc` shows the event with the reason.',
  },
  brickyard_class_problems: {
    unit: count,
    odd: 'Not 0: `kubectl get sc NAME -o yaml | brickyard lint -` names each, with what to write.',
  },
  brickyard_cluster_blocked_bytes: {
    unit: bytes,
    odd: 'Not 0: nodes or devices are closed (`brickyard topology`) or away (`brickyard node list`).',
  },
  brickyard_cluster_free_bytes: { unit: bytes, odd: full },
  brickyard_cluster_reserved_bytes: {
    unit: bytes,
    odd: 'Grew by itself: somebody else uses a device; `brickyard doctor` names it.',
  },
  brickyard_cluster_size_bytes: { unit: bytes, odd: 'Fell: a device has left the topology, or shows another size.' },
  brickyard_cluster_used_bytes: { unit: bytes, odd: full },
  brickyard_cluster_volume_bytes: {
    unit: bytes,
    odd: 'Compare it with `brickyard_cluster_used_bytes`: with replicate 3 that is three times as much, plus metadata.',
  },
  brickyard_device_free_bytes: { unit: bytes, odd: full },
  brickyard_device_open: { unit: flag, odd: '0 that nobody intended: `brickyard topology` says why.' },
  brickyard_device_size_bytes: {
    unit: bytes,
    odd: 'Changed: another disk is there under the same name; `brickyard doctor`.',
  },
  brickyard_device_up: {
    unit: flag,
    odd: '0: `brickyard node list` says whether it is missing, empty or unreadable, and what to do.',
  },
  brickyard_device_used_bytes: { unit: bytes, odd: full },
  brickyard_kube_call_duration_seconds: {
    unit: seconds,
    odd: 'Above a second for most calls: the API server or etcd is slow, and claims wait for it.',
  },
  brickyard_kube_calls_total: {
    unit: count,
    odd: '403: RBAC is not that of manifests/base. 429, 5xx or 0: the API server is overloaded or away.',
  },
  brickyard_lane_running: { unit: count, odd: 'At its limit all the time: see `brickyard_lane_waiting`.' },
  brickyard_lane_waiting: {
    unit: count,
    odd: 'Stays high: gluster or a node is the bottleneck. `lanes.cluster` and `lanes.node` raise the limit, if the nodes bear it.',
  },
  brickyard_leader: {
    unit: flag,
    odd: 'A sum of 0 for more than 20 seconds: nobody works; look at the lease and at the logs. More than 1: two installations have one label.',
  },
  brickyard_node_problems: { unit: count, odd: 'Not 0: `brickyard node list` says what it means and what to do.' },
  brickyard_node_up: {
    unit: flag,
    odd: '0: start the node or its glusterd. Nothing else is needed: what waited goes on.',
  },
  brickyard_quarantined_documents: {
    unit: count,
    odd: 'Not 0: `brickyard topology` names them; docs/recovery.md, "A record is damaged".',
  },
  brickyard_queue_delayed: { unit: count, odd: 'Grows: more and more keys fail; `brickyard_attempts_total` says how.' },
  brickyard_queue_depth: {
    unit: count,
    odd: 'Grows for minutes: there is more to do than `workers` can; see the lanes first.',
  },
  brickyard_queue_running: {
    unit: count,
    odd: 'At `workers` all the time: workers wait for gluster or for the API; see lanes and calls.',
  },
  brickyard_queue_wait_duration_seconds: { unit: seconds, odd: 'As for `brickyard_queue_depth`.' },
  brickyard_queue_work_duration_seconds: {
    unit: seconds,
    odd: '`threw` at all: a defect; the log has its stack. Slow: `brickyard_step_duration_seconds` says which step.',
  },
  brickyard_step_duration_seconds: { unit: seconds, odd: slowStep },
  brickyard_stray_volumes: {
    unit: count,
    odd: 'Not 0: most likely PersistentVolumes with policy Retain were deleted. The log names the volumes; they are kept.',
  },
  brickyard_volume_growth_duration_seconds: { unit: seconds, odd: slowStep },
  brickyard_volumes: {
    unit: count,
    odd: '`creating` or `deleting` that does not go down: see `brickyard_volumes_oldest_seconds`.',
  },
  brickyard_volumes_oldest_seconds: {
    unit: seconds,
    odd: 'More than an hour: something that the volume needs stays away; `brickyard doctor` and the log say what.',
  },
  brickyard_volumes_rebalancing: {
    unit: count,
    odd: 'The same for days: `brickyard volume info` says since when; `gluster volume rebalance NAME status` shows why.',
  },
  controller_persistentvolume_delete_duration_seconds: { unit: seconds, odd: slowStep },
  controller_persistentvolume_delete_failed_total: {
    unit: count,
    odd: 'Goes on growing: the event VolumeFailedDelete on the PersistentVolume has the reason.',
  },
  controller_persistentvolume_delete_total: { unit: count, odd: 'Grows faster than usual: somebody deletes claims.' },
  controller_persistentvolumeclaim_provision_duration_seconds: { unit: seconds, odd: slowStep },
  controller_persistentvolumeclaim_provision_failed_total: {
    unit: count,
    odd: 'Goes on growing: `brickyard_claims_waiting` says why, the event ProvisioningFailed on each claim in words.',
  },
  controller_persistentvolumeclaim_provision_total: {
    unit: count,
    odd: 'Stands still while claims wait: see `brickyard_claims_waiting`.',
  },
};
