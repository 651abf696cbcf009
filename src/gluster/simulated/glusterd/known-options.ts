/** The options that gluster 10.3 knows, by their first word; `user.*` takes any. */
const families: Readonly<Record<string, string>> = {
  auth: `
    allow reject ssl-allow
  `,
  changelog: `
    capture-del-path changelog changelog-barrier-timeout changelog-dir encoding fsync-interval rollover-time
  `,
  client: `
    bind-insecure event-threads keepalive-count keepalive-interval keepalive-time send-gids ssl strict-locks
    tcp-user-timeout
  `,
  cluster: `
    background-self-heal-count brick-graceful-cleanup brick-multiplex choose-local consistent-metadata
    daemon-log-level data-change-log data-self-heal data-self-heal-algorithm dht-xattr-name
    disperse-self-heal-daemon eager-lock enable-shared-storage ensure-durability entry-change-log
    entry-self-heal extra-hash-regex favorite-child-policy force-migration full-lock granular-entry-heal
    halo-enabled halo-max-latency halo-max-replicas halo-min-replicas halo-nfsd-max-latency halo-shd-max-latency
    heal-timeout heal-wait-queue-length local-volume-name lock-migration locking-scheme lookup-optimize
    lookup-unhashed max-bricks-per-process metadata-change-log metadata-self-heal min-free-disk min-free-inodes
    optimistic-change-log post-op-delay-secs quorum-count quorum-reads quorum-type randomize-hash-range-by-gfid
    read-hash-mode read-subvolume read-subvolume-index readdir-optimize rebal-throttle rebalance-stats
    rsync-hash-regex self-heal-daemon self-heal-readdir-size self-heal-window-size server-quorum-ratio
    server-quorum-type shd-max-threads shd-wait-qlength subvols-per-directory switch-pattern use-anonymous-inode
    use-compound-fops weighted-rebalance
  `,
  config: `
    brick-threads client-threads gfproxyd global-threading
  `,
  ctime: `
    noatime
  `,
  debug: `
    delay-gen error-failure error-fops error-gen error-number exclude-ops include-ops log-file log-history
    random-failure trace
  `,
  'delay-gen': `
    delay-duration delay-percentage enable
  `,
  dht: `
    force-readdirp
  `,
  diagnostics: `
    brick-log-buf-size brick-log-flush-timeout brick-log-format brick-log-level brick-logger brick-sys-log-level
    client-log-buf-size client-log-flush-timeout client-log-format client-log-level client-logger
    client-sys-log-level count-fop-hits dump-fd-stats fop-sample-buf-size fop-sample-interval
    latency-measurement stats-dnscache-ttl-sec stats-dump-format stats-dump-interval
  `,
  disperse: `
    background-heals cpu-extensions eager-lock eager-lock-timeout heal-wait-qlength optimistic-change-log
    other-eager-lock other-eager-lock-timeout parallel-writes quorum-count read-policy self-heal-window-size
    shd-max-threads shd-wait-qlength stripe-cache
  `,
  features: `
    acl alert-time auto-commit-period barrier barrier-timeout bitrot cache-invalidation
    cache-invalidation-timeout cloudsync cloudsync-product-id cloudsync-remote-read cloudsync-store-id
    cloudsync-storetype ctime default-retention-period default-soft-limit enforce-mandatory-lock expiry-time
    failover-hosts hard-timeout inode-quota lease-lock-recall-timeout leases locks-monkey-unlocking
    locks-notify-contention locks-notify-contention-delay locks-revocation-clear-all
    locks-revocation-max-blocked locks-revocation-secs quota quota-deem-statfs read-only retention-mode scrub
    scrub-freq scrub-throttle sdfs selinux shard shard-block-size shard-deletion-rate shard-lru-limit
    show-snapshot-directory signer-threads snapshot-directory soft-timeout tag-namespaces timeout trash
    trash-dir trash-eliminate-path trash-internal-op trash-max-filesize uss worm worm-file-level
    worm-files-deletable
  `,
  ganesha: `
    enable
  `,
  'geo-replication': `
    ignore-pid-check indexing
  `,
  glusterd: `
    vol_count_per_thread
  `,
  locks: `
    mandatory-locking trace
  `,
  network: `
    compression compression.compression-level compression.debug compression.mem-level compression.min-size
    compression.window-size frame-timeout inode-lru-limit ping-timeout remote-dio tcp-window-size
  `,
  nfs: `
    disable
  `,
  performance: `
    aggregate-size cache-capability-xattrs cache-ima-xattrs cache-invalidation cache-max-file-size
    cache-min-file-size cache-priority cache-refresh-timeout cache-samba-metadata cache-size
    cache-swift-metadata client-io-threads ctime-invalidation enable-least-priority flush-behind force-readdirp
    global-cache-invalidation high-prio-threads io-cache io-cache-pass-through io-cache-size io-thread-count
    iot-cleanup-disconnected-reqs iot-pass-through iot-watchdog-secs lazy-open least-prio-threads
    low-prio-threads md-cache-pass-through md-cache-statfs md-cache-timeout nfs.flush-behind nfs.io-cache
    nfs.io-threads nfs.quick-read nfs.read-ahead nfs.stat-prefetch nfs.strict-o-direct nfs.strict-write-ordering
    nfs.write-behind nfs.write-behind-trickling-writes nfs.write-behind-window-size nl-cache nl-cache-limit
    nl-cache-pass-through nl-cache-positive-entry nl-cache-timeout normal-prio-threads open-behind
    open-behind-pass-through parallel-readdir qr-cache-timeout quick-read quick-read-cache-invalidation
    quick-read-cache-size quick-read-cache-timeout rda-cache-limit rda-high-wmark rda-low-wmark rda-request-size
    read-after-open read-ahead read-ahead-page-count read-ahead-pass-through readdir-ahead
    readdir-ahead-pass-through resync-failed-syncs-after-fsync stat-prefetch strict-o-direct
    strict-write-ordering write-behind write-behind-pass-through write-behind-trickling-writes
    write-behind-window-size xattr-cache-list
  `,
  rebalance: `
    ensure-durability
  `,
  server: `
    all-squash allow-insecure anongid anonuid dynamic-auth event-threads gid-timeout keepalive-count
    keepalive-interval keepalive-time manage-gids outstanding-rpc-limit own-thread root-squash ssl
    statedump-path tcp-user-timeout
  `,
  ssl: `
    ca-list certificate-depth cipher-list crl-path dh-param ec-curve own-cert private-key
  `,
  storage: `
    batch-fsync-delay-usec batch-fsync-mode build-pgfid create-directory-mask create-mask fips-mode-rchecksum
    force-create-mode force-directory-mode gfid2path gfid2path-separator health-check-interval
    health-check-timeout linux-aio linux-io_uring max-hardlinks node-uuid-pathinfo owner-gid owner-uid reserve
  `,
  transport: `
    address-family keepalive listen-backlog
  `,
};

const known: ReadonlySet<string> = new Set(
  Object.entries(families).flatMap(([family, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => `${family}.${name}`),
  ),
);

export const isKnownOption = (key: string): boolean => known.has(key) || /^user\../.test(key);
