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
