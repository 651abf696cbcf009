/** The Grafana dashboard, made of short descriptions: Grafana's own form says everything a dozen times. */

type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'ops' | 'reqps' | 'bool_on_off' | 'dateTimeFromNow';

interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** For whoever wonders what it means. */
  readonly about: string;
  readonly kind: 'stat' | 'timeseries' | 'bargauge';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** In 24ths of the width. */
  readonly width: number;
  readonly stacked?: boolean;
  /** Values from which the number turns red. `below`: it does so beneath it. */
  readonly alarm?: { readonly at: number; readonly below?: true };
  readonly max?: number;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const q = (expr: string, legend: string): Query => ({ expr, legend });
const inCluster = '{cluster=~"$cluster"}';
const rate = '[$__rate_interval]';

const overview: Row = {
  title: 'At a glance',
  panels: [
    {
      title: 'Leader',
      about: 'Replicas that work: one. 0: nobody does.',
      kind: 'stat',
      unit: 'short',
      queries: [q('sum(brickyard_leader)', '')],
      width: 3,
      alarm: { at: 1, below: true },
    },
    {
      title: 'Claims that wait',
      about: 'Looked at, and without a volume. Those that wait for their first pod are not counted.',
      kind: 'stat',
      unit: 'short',
      queries: [q('sum(brickyard_claims_waiting{reason!="consumer"})', '')],
      width: 3,
      alarm: { at: 1 },
    },
    {
      title: 'The oldest of them',
      about: 'Time since it was created.',
      kind: 'stat',
      unit: 's',
      queries: [q('max(brickyard_claims_waiting_oldest_seconds{reason!="consumer"})', '')],
      width: 3,
      alarm: { at: 900 },
    },
    {
      title: 'Volumes',
      about: 'In every phase.',
      kind: 'stat',
      unit: 'short',
      queries: [q(`sum(brickyard_volumes${inCluster})`, '')],
      width: 3,
    },
    {
      title: 'Nodes down',
      about: 'Storage nodes that do not answer, or whose glusterd does not.',
      kind: 'stat',
      unit: 'short',
      queries: [q(`sum(1 - brickyard_node_up${inCluster})`, '')],
      width: 3,
      alarm: { at: 1 },
    },
    {
      title: 'Devices down',
      about: 'Missing, empty or unreadable.',
      kind: 'stat',
      unit: 'short',
      queries: [q(`sum(1 - brickyard_device_up${inCluster})`, '')],
      width: 3,
      alarm: { at: 1 },
    },
    {
      title: 'Free',
      about: 'Of all that bricks may use; on devices that take new bricks.',
      kind: 'stat',
      unit: 'percentunit',
      queries: [q(`sum(brickyard_cluster_free_bytes${inCluster}) / sum(brickyard_cluster_size_bytes${inCluster})`, '')],
      width: 3,
      alarm: { at: 0.1, below: true },
    },
    {
      title: 'Records that cannot be read',
      about: 'Kept, and in nobody’s way.',
      kind: 'stat',
      unit: 'short',
      queries: [q('sum(brickyard_quarantined_documents)', '')],
      width: 3,
      alarm: { at: 1 },
    },
  ],
};

const claims: Row = {
  title: 'Claims',
  panels: [
    {
      title: 'Claims that wait, by why',
      about: 'capacity: no room. node: a storage node is away. refused, rejected: cannot work as written.',
      kind: 'timeseries',
      unit: 'short',
      queries: [q('sum by (reason) (brickyard_claims_waiting)', '{{reason}}')],
      width: 8,
      stacked: true,
    },
    {
      title: 'Volumes made and deleted',
      about: 'A second, by StorageClass.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        q(`sum by (class) (rate(controller_persistentvolumeclaim_provision_total${rate}))`, 'made: {{class}}'),
        q(`sum by (class) (rate(controller_persistentvolume_delete_total${rate}))`, 'deleted: {{class}}'),
      ],
      width: 8,
    },
    {
      title: 'Attempts that did not succeed',
      about: 'A second. unknown: no answer came, so it is looked at again.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        q(
          `sum by (operation, result) (rate(brickyard_attempts_total{result!="done"}${rate}))`,
          '{{operation}}: {{result}}',
        ),
      ],
      width: 8,
    },
    {
      title: 'Time to make a volume',
      about: 'Of the attempt that succeeded.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        q(
          `histogram_quantile(0.5, sum by (le) (rate(controller_persistentvolumeclaim_provision_duration_seconds_bucket${rate})))`,
          'half',
        ),
        q(
          `histogram_quantile(0.95, sum by (le) (rate(controller_persistentvolumeclaim_provision_duration_seconds_bucket${rate})))`,
          '95 of 100',
        ),
      ],
      width: 8,
    },
    {
      title: 'Time to delete and to grow, 95 of 100',
      about: 'Of the attempt that succeeded.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        q(
          `histogram_quantile(0.95, sum by (le) (rate(controller_persistentvolume_delete_duration_seconds_bucket${rate})))`,
          'delete',
        ),
        q(
          `histogram_quantile(0.95, sum by (le) (rate(brickyard_volume_growth_duration_seconds_bucket${rate})))`,
          'grow',
        ),
      ],
      width: 8,
    },
    {
      title: 'Problems of StorageClasses',
      about: 'Because of which no claim of the class can be served.',
      kind: 'bargauge',
      unit: 'short',
      queries: [q('max by (class) (brickyard_class_problems)', '{{class}}')],
      width: 8,
      alarm: { at: 1 },
    },
  ],
};

const capacity: Row = {
  title: 'Capacity',
  panels: [
    {
      title: 'Used, free, and free where no bricks may go',
      about: 'By cluster.',
      kind: 'timeseries',
      unit: 'bytes',
      queries: [
        q(`sum by (cluster) (brickyard_cluster_used_bytes${inCluster})`, '{{cluster}}: used'),
        q(`sum by (cluster) (brickyard_cluster_free_bytes${inCluster})`, '{{cluster}}: free'),
        q(`sum by (cluster) (brickyard_cluster_blocked_bytes${inCluster})`, '{{cluster}}: blocked'),
        q(`sum by (cluster) (brickyard_cluster_reserved_bytes${inCluster})`, '{{cluster}}: reserved'),
      ],
      width: 12,
      stacked: true,
    },
    {
      title: 'Use of devices',
      about: 'The fuller ones of a cluster say whether new bricks still find a place.',
      kind: 'bargauge',
      unit: 'percentunit',
      queries: [
        q(
          `max by (node, device) (brickyard_device_used_bytes${inCluster} / brickyard_device_size_bytes${inCluster})`,
          '{{node}} {{device}}',
        ),
      ],
      width: 12,
      alarm: { at: 0.9 },
      max: 1,
    },
    {
      title: 'Volumes by phase',
      about: 'creating, deleting and rebalancing should go down by themselves.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        q(`sum by (phase) (brickyard_volumes${inCluster})`, '{{phase}}'),
        q(`sum(brickyard_volumes_rebalancing${inCluster})`, 'rebalancing'),
      ],
      width: 8,
    },
    {
      title: 'The oldest that is being made or deleted',
      about: 'More than an hour: something stays away that it needs.',
      kind: 'timeseries',
      unit: 's',
      queries: [q('max by (phase) (brickyard_volumes_oldest_seconds)', '{{phase}}')],
      width: 8,
    },
    {
      title: 'Promised to claims',
      about: 'Usable bytes of all volumes together.',
      kind: 'timeseries',
      unit: 'bytes',
      queries: [q(`sum by (cluster) (brickyard_cluster_volume_bytes${inCluster})`, '{{cluster}}')],
      width: 8,
    },
  ],
};

const storage: Row = {
  title: 'Storage nodes',
  panels: [
    {
      title: 'Nodes and devices that are up',
      about: 'As the controller sees them.',
      kind: 'timeseries',
      unit: 'bool_on_off',
      queries: [
        q(`min by (node) (brickyard_node_up${inCluster})`, '{{node}}'),
        q(`min by (node, device) (brickyard_device_up${inCluster})`, '{{node}} {{device}}'),
      ],
      width: 8,
    },
    {
      title: 'Problems',
      about: '`brickyard node list` says what each means and what to do.',
      kind: 'timeseries',
      unit: 'short',
      queries: [q(`sum by (node, problem) (brickyard_node_problems${inCluster}) > 0`, '{{node}}: {{problem}}')],
      width: 8,
    },
    {
      title: 'Devices closed for new bricks',
      about: '`brickyard topology` says why.',
      kind: 'timeseries',
      unit: 'short',
      queries: [q(`sum by (node) (1 - brickyard_device_open${inCluster}) > 0`, '{{node}}')],
      width: 8,
    },
    {
      title: 'Time of steps, 95 of 100',
      about: 'create, start: gluster. bricks: LVM. commit: the store.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        q(
          `histogram_quantile(0.95, sum by (le, step) (rate(brickyard_step_duration_seconds_bucket${rate})))`,
          '{{step}}',
        ),
      ],
      width: 8,
    },
    {
      title: 'Steps that were not done',
      about: 'A second.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        q(
          `sum by (step, outcome) (rate(brickyard_step_duration_seconds_count{outcome!="done"}${rate}))`,
          '{{step}}: {{outcome}}',
        ),
      ],
      width: 8,
    },
    {
      title: 'Lanes',
      about: 'Work that a cluster or a node does, and work that waits for it.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        q('max by (lane, name) (brickyard_lane_running)', '{{lane}} {{name}}: at work'),
        q('max by (lane, name) (brickyard_lane_waiting)', '{{lane}} {{name}}: waiting'),
      ],
      width: 8,
    },
  ],
};

const controller: Row = {
  title: 'Controller',
  panels: [
    {
      title: 'Queues',
      about: 'Keys that wait, that are worked on, and that are due later.',
      kind: 'timeseries',
      unit: 'short',
      queries: [
        q('max by (queue) (brickyard_queue_depth)', '{{queue}}: waiting'),
        q('max by (queue) (brickyard_queue_running)', '{{queue}}: at work'),
        q('max by (queue) (brickyard_queue_delayed)', '{{queue}}: later'),
      ],
      width: 8,
    },
    {
      title: 'Time in queues, 95 of 100',
      about: 'From ready to taken up.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        q(
          `histogram_quantile(0.95, sum by (le, queue) (rate(brickyard_queue_wait_duration_seconds_bucket${rate})))`,
          '{{queue}}',
        ),
      ],
      width: 8,
    },
    {
      title: 'What comes of a look at a key',
      about: 'A second. threw: a defect.',
      kind: 'timeseries',
      unit: 'ops',
      queries: [
        q(`sum by (queue, next) (rate(brickyard_queue_work_duration_seconds_count${rate}))`, '{{queue}}: {{next}}'),
      ],
      width: 8,
    },
    {
      title: 'Calls to the Kubernetes API',
      about: 'A second, by status. 0: no answer.',
      kind: 'timeseries',
      unit: 'reqps',
      queries: [q(`sum by (verb, code) (rate(brickyard_kube_calls_total${rate}))`, '{{verb}} {{code}}')],
      width: 8,
    },
    {
      title: 'Time of those calls, 95 of 100',
      about: 'Watches are left out: they last.',
      kind: 'timeseries',
      unit: 's',
      queries: [
        q(
          `histogram_quantile(0.95, sum by (le, verb) (rate(brickyard_kube_call_duration_seconds_bucket{verb!="watch"}${rate})))`,
          '{{verb}}',
        ),
      ],
      width: 8,
    },
    {
      title: 'Age of caches',
      about: 'Above 180 s the replica is not ready.',
      kind: 'timeseries',
      unit: 's',
      queries: [q('max by (resource) (brickyard_cache_age_seconds)', '{{resource}}')],
      width: 8,
    },
    {
      title: 'Memory',
      about: 'Of each replica.',
      kind: 'timeseries',
      unit: 'bytes',
      queries: [q('process_resident_memory_bytes and on (job, instance) brickyard_build_info', '{{pod}}')],
      width: 8,
    },
    {
      title: 'CPU',
      about: 'Cores, of each replica.',
      kind: 'timeseries',
      unit: 'short',
      queries: [q(`rate(process_cpu_seconds_total${rate}) and on (job, instance) brickyard_build_info`, '{{pod}}')],
      width: 8,
    },
    {
      title: 'Lag of the event loop, 99 of 100',
      about: 'Seconds of it put the renewal of the lease in danger.',
      kind: 'timeseries',
      unit: 's',
      queries: [q('nodejs_eventloop_lag_p99_seconds and on (job, instance) brickyard_build_info', '{{pod}}')],
      width: 8,
    },
    {
      title: 'Certificates run out',
      about: 'Those for talking to the agents.',
      kind: 'stat',
      unit: 'dateTimeFromNow',
      queries: [q('1000 * min by (file) (brickyard_certificate_expiry_timestamp_seconds)', '{{file}}')],
      width: 8,
    },
  ],
};

const datasource = { type: 'prometheus', uid: '${datasource}' };
const heights: Readonly<Record<Panel['kind'], number>> = { stat: 4, timeseries: 8, bargauge: 8 };

function stepsOf(alarm: Panel['alarm']): readonly object[] {
  if (alarm === undefined) {
    return [{ color: 'green', value: null }];
  }
  return alarm.below === true
    ? [
        { color: 'red', value: null },
        { color: 'green', value: alarm.at },
      ]
    : [
        { color: 'green', value: null },
        { color: 'red', value: alarm.at },
      ];
}

function optionsOf({ kind }: Panel): object {
  switch (kind) {
    case 'stat':
      return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' };
    case 'bargauge':
      return { reduceOptions: { calcs: ['lastNotNull'] }, orientation: 'horizontal', displayMode: 'basic' };
    case 'timeseries':
      return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
  }
}

function panelOf(panel: Panel, id: number, place: { readonly x: number; readonly y: number }): object {
  const { title, about, kind, unit, queries, width, stacked, alarm, max } = panel;
  const custom = stacked === true ? { fillOpacity: 20, stacking: { mode: 'normal' } } : { fillOpacity: 0 };
  return {
    id,
    title,
    description: about,
    type: kind,
    datasource,
    gridPos: { h: heights[kind], w: width, ...place },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        thresholds: { mode: 'absolute', steps: stepsOf(alarm) },
        ...(kind === 'timeseries' ? { custom } : {}),
      },
      overrides: [],
    },
    options: optionsOf(panel),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      legendFormat: legend,
      ...(kind === 'timeseries' ? { range: true } : { instant: true }),
    })),
  };
}

/** Panels from left to right, a new line where the next one does not fit; each row under its title. */
function panelsOf(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      title: row.title,
      type: 'row',
      collapsed: false,
      gridPos: { h: 1, w: 24, x: 0, y },
      panels: [],
    });
    y += 1;
    let x = 0;
    let tallest = 0;
    for (const panel of row.panels) {
      if (x + panel.width > 24) {
        [x, y, tallest] = [0, y + tallest, 0];
      }
      panels.push(panelOf(panel, panels.length + 1, { x, y }));
      x += panel.width;
      tallest = Math.max(tallest, heights[panel.kind]);
    }
    y += tallest;
  }
  return panels;
}

/** What Grafana imports. */
export function dashboard(): object {
  return {
    uid: 'brickyard',
    title: 'Brickyard',
    description: 'Replicated GlusterFS volumes for Kubernetes claims: claims, capacity, storage nodes, controller.',
    tags: ['brickyard', 'glusterfs', 'storage'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, hide: 0 },
        {
          name: 'cluster',
          label: 'Gluster cluster',
          type: 'query',
          datasource,
          query: { query: 'label_values(brickyard_cluster_size_bytes, cluster)', refId: 'cluster' },
          definition: 'label_values(brickyard_cluster_size_bytes, cluster)',
          refresh: 2,
          sort: 1,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { selected: true, text: 'All', value: '$__all' },
        },
      ],
    },
    panels: panelsOf([overview, claims, capacity, storage, controller]),
  };
}
