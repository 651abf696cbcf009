# syntax=docker/dockerfile:1
# Three images from one file, the same steps for amd64 and arm64: JavaScript, and packages of Debian. Nothing else is downloaded.
#   docker buildx build --platform linux/amd64,linux/arm64 --target controller -t registry.example/brickyard:0.1.0 .
#   ... --target node -t registry.example/brickyard-node:0.1.0 .
#   ... --target storage -t registry.example/brickyard-storage:0.1.0 .
# Sizes, estimated from the installed sizes of the packages: docs/node-plugin.md.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

# What all three have in common.
FROM node:24-bookworm-slim AS program
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY proto proto
COPY package.json LICENSE ./
# Without a shell in between, so that signals arrive.
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/main.js"]

# A gluster client for hosts that have none, as a file system of its own: the node plugin copies it to the host. Python and Perl
# come with the packages for tools that a client does not use. What is left must run.
FROM debian:bookworm-slim AS client-tree
RUN apt-get update \
  && apt-get install --yes --no-install-recommends glusterfs-client procps \
  && dpkg-query --show > /packages \
  && echo "glusterfs-$(dpkg-query --show --showformat='${Version}' glusterfs-client)-$(sha256sum /packages | cut -c 1-12)" > /version \
  && rm -rf /packages /var/lib/apt/lists /var/cache/apt /usr/share/doc /usr/share/man /usr/share/locale \
    /usr/lib/python3 /usr/lib/python3.* /usr/share/perl /usr/share/perl5 \
  && mount.glusterfs -V \
  && test -x /usr/sbin/glusterfs

# The CSI plugin, on every node of Kubernetes.
FROM program AS node
COPY --from=client-tree / /opt/brickyard/client-tree
# What a client needs of the host it reaches through the host's first process. A build has files of its own in these places,
# so the links come last.
RUN cd /opt/brickyard/client-tree \
  && mv version ../client-tree.version \
  && rm -rf dev etc/hosts etc/resolv.conf var/log/glusterfs \
  && ln -s /proc/1/root/dev dev \
  && ln -s /proc/1/root/etc/hosts etc/hosts \
  && ln -s /proc/1/root/etc/resolv.conf etc/resolv.conf \
  && ln -s /proc/1/root/var/log/glusterfs var/log/glusterfs \
  && mkdir -p proc
# It waits, and remembers next to nothing.
ENV NODE_OPTIONS="--max-semi-space-size=1 --max-old-space-size=96" MALLOC_ARENA_MAX=1
# It enters the host's namespaces and mounts there, which is root's business.
USER 0:0
# No compiled code: 3 MiB less, for a process that does next to nothing. V8 takes this flag on the command line only.
ENTRYPOINT ["node", "--enable-source-maps", "--lite-mode", "/app/dist/main.js"]
CMD ["node", "serve"]

# A storage node: glusterd, and the agent that makes bricks for it, each in a container of its own (manifests/storage).
FROM program AS storage
RUN apt-get update \
  && apt-get install --yes --no-install-recommends \
    attr glusterfs-server lvm2 procps thin-provisioning-tools util-linux xfsprogs \
  && rm -rf /var/lib/apt/lists /var/cache/apt /usr/share/doc /usr/share/man
# No udev runs in here to wait for, and the root file system is not written to.
COPY --chmod=0644 <<LVM /etc/lvm/lvmlocal.conf
activation {
  udev_sync = 0
  udev_rules = 0
}
devices {
  obtain_device_list_from_udev = 0
}
backup {
  backup = 0
  archive = 0
}
LVM
ENV NODE_OPTIONS="--max-semi-space-size=4 --max-old-space-size=192"
# Devices, mounts and trusted attributes of files belong to root.
USER 0:0
CMD ["agent"]

# The controller. The last one, so that it is what a build without --target gives.
FROM program AS controller
# Memory. By default V8 lets the young generation grow to 3 x 16 MiB and the old one to half of the container's limit
# before it collects in earnest. Small young halves cost little here, for the process waits more than it computes. The
# bound of the old generation is in MiB: an idle controller has some 35 alive, and each claim adds 5 to 7 KiB, so that
# 256 are enough for 30,000 claims. For more, set NODE_OPTIONS and the memory limit in the Deployment.
ENV NODE_OPTIONS="--max-semi-space-size=2 --max-old-space-size=256"
# One arena of malloc instead of one a thread: some 20 MiB less, for threads here do little that needs memory.
ENV MALLOC_ARENA_MAX=1
# Large buffers are mapped, and unmapped when they are freed. By default glibc takes the first large one that is freed as a
# reason not to, and what they leave behind in its heap stays: 50 to 90 MiB more at 10,000 claims.
ENV MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
COPY examples examples
# The image's own unprivileged user, by number so that runAsNonRoot can be checked. Nothing in the image is writable for
# it: state goes to the volume at /var/lib/brickyard.
USER 1000:1000
# Collect when the heap has grown by a fifth since the last collection: 171 MiB instead of 179 at 1,500 claims, in one run
# each. V8 takes this flag on the command line only.
ENTRYPOINT ["node", "--enable-source-maps", "--heap-growing-percent=20", "/app/dist/main.js"]
CMD ["serve"]
