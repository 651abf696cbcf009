# syntax=docker/dockerfile:1
# The controller. Everything is JavaScript: the same steps give the image for amd64 and arm64.
#   docker build -t brickyard:0.1.0 .
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

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
# Memory. By default V8 lets the young generation grow to 3 x 16 MiB and the old one to half of the container's limit
# before it collects in earnest. Small young halves cost little here, for the process waits more than it computes. The
# bound of the old generation is in MiB: an idle controller has some 35 alive, and each claim adds 5 to 7 KiB, so that
# 256 are enough for 30,000 claims. For more, set NODE_OPTIONS and the memory limit in the Deployment.
ENV NODE_OPTIONS="--max-semi-space-size=4 --max-old-space-size=256"
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY examples examples
# The image's own unprivileged user, by number so that runAsNonRoot can be checked. Nothing in the image is writable for
# it: state goes to the volume at /var/lib/brickyard.
USER 1000:1000
# Without a shell in between, so that signals arrive.
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/main.js"]
CMD ["serve"]
