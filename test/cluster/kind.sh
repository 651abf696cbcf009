#!/usr/bin/env bash
# npm run e2e:kind: a throw-away Kubernetes cluster of kind's, and test/cluster on it with the controller out of cluster.
# KIND_IMAGE chooses the Kubernetes version, such as kindest/node:v1.25.16.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
command -v kind >/dev/null || missing+=('kind (https://kind.sigs.k8s.io)')
{ docker info || podman info; } >/dev/null 2>&1 || missing+=('a running Docker or Podman engine')
if [ "${#missing[@]}" -gt 0 ]; then
  printf 'e2e:kind needs %s\n' "${missing[@]}" >&2
  exit 1
fi

name="brickyard-e2e-$$"
kubeconfig=$(mktemp)
remove() {
  kind delete cluster --name "$name" --kubeconfig "$kubeconfig"
  rm -f "$kubeconfig"
}
trap remove EXIT
kind create cluster --name "$name" --kubeconfig "$kubeconfig" --wait 120s ${KIND_IMAGE:+--image "$KIND_IMAGE"}
KUBECONFIG=$kubeconfig npm run test:cluster
