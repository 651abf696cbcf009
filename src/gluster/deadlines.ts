/**
 * How long each kind of command may take, in milliseconds, before it is given up as lost. Measured medians on a quiet
 * cluster stand beside; the deadlines leave room for a loaded one, because a deadline that is too short turns work that
 * happened into an unknown. The gluster command line itself gives up after 120 s.
 */
export const deadlines = {
  /** Reads of gluster: 60 to 95 ms. */
  read: 30_000,
  /** 135 ms. */
  create: 90_000,
  /** 260 ms; 2.3 s when it starts the self-heal daemon. */
  start: 90_000,
  /** 2.2 s. */
  stop: 90_000,
  /** 210 ms. */
  remove: 90_000,
  /** 140 to 200 ms. */
  options: 90_000,
  /** 960 ms on a loaded machine. */
  addBricks: 90_000,
  /** Starting a rebalance took 10.3 s on a loaded machine, remove-brick 5.2 s: a process a node is begun. */
  migrate: 110_000,
  /** 1 s; 3.5 s for a host that does not answer. */
  probe: 60_000,
  /** 90 ms for a volume that is whole; it walks through the index of every brick. */
  healInfo: 90_000,
  /** 60 ms; every node's daemon is told. */
  heal: 60_000,
  /** 1.3 to 4.4 s for a replacement, 1.1 s for each half of a reset. */
  replace: 110_000,
  /** LVM reports and other looks at a node. */
  look: 30_000,
  /** LVM changes: they wait for each other and for udev. */
  lvm: 120_000,
  /** Discards the whole device first where the device can. */
  format: 300_000,
  /** Mounts, directories, attributes. */
  files: 30_000,
} as const;
