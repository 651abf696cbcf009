/** A controller's own metrics. */

/** Writes that the API server took, by brickyard_kube_calls_total; renewals of a lease are not the work's. */
export async function writesByMetrics(opsPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const lines = text.matchAll(/^brickyard_kube_calls_total\{(?<labels>.*)\} (?<count>\d+)$/gm);
  return [...lines].reduce((sum, { groups = {} }) => {
    const { labels = '', count } = groups;
    const isWrite = /verb="(?:create|update|patch|delete)"/.test(labels) && /code="2\d\d"/.test(labels);
    return isWrite && !labels.includes('resource="leases"') ? sum + Number(count) : sum;
  }, 0);
}

/** What its memory is made of, in MiB: V8's heap, how much of that is in use, and buffers outside of it. */
export async function heapMiB(
  opsPort: number,
): Promise<{ readonly total: number; readonly used: number; readonly external: number }> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const gauge = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]) / 1024 ** 2;
  return {
    total: gauge('nodejs_heap_size_total_bytes'),
    used: gauge('nodejs_heap_size_used_bytes'),
    external: gauge('nodejs_external_memory_bytes'),
  };
}
