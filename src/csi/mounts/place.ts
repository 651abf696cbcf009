/** Which directory of the node a path of the kubelet's means. */
import { done, failed, rejected, type Outcome } from '../../domain/outcome.ts';
import * as argv from './argv.ts';
import type { Host } from './host.ts';

/** Mount helpers are scripts that split at white space; kubelets make no such paths. */
const grammar = /^(?!.*\/\.{1,2}(?:\/|$))(?:\/[a-zA-Z0-9_.,:@%+=~-]+)+$/;

/**
 * The path as the kernel's tables have it: links on the way are followed, and it has to end up below the kubelet's folder, so that
 * nothing that a pod may have put there leads elsewhere. The last part is kept: it is what gets mounted on, or is there no more.
 */
export async function placeOf(host: Host, kubeletDirectory: string, path: string): Promise<Outcome<string>> {
  const places = await placesOf(host, kubeletDirectory, [path]);
  return places.kind === 'done' ? done(places.value[0] ?? '') : places;
}

/** As `placeOf`, several in one look. */
export async function placesOf(
  host: Host,
  kubeletDirectory: string,
  paths: readonly string[],
): Promise<Outcome<readonly string[]>> {
  const bad = paths.find((path) => !grammar.test(path) || path.lastIndexOf('/') === 0);
  if (bad !== undefined) {
    return rejected(
      `expected an absolute path below ${kubeletDirectory} without . or .. or white space, got ${JSON.stringify(bad)}`,
    );
  }
  const parents = paths.map((path) => path.slice(0, path.lastIndexOf('/')));
  const command = argv.resolvePaths(kubeletDirectory, ...parents);
  const resolved = await host.look(command, (text) => text.trimEnd().split('\n'));
  if (resolved.kind !== 'found') {
    return resolved;
  }
  const [folder = '', ...directories] = resolved.value;
  if (directories.length !== paths.length) {
    return failed(`realpath: expected ${paths.length + 1} lines, got ${JSON.stringify(resolved.value)}`);
  }
  const places = paths.map((path, index) => `${directories[index]}${path.slice(path.lastIndexOf('/'))}`);
  const outside = places.findIndex((place) => !place.startsWith(`${folder}/`) || !grammar.test(place));
  return outside === -1
    ? done(places)
    : rejected(`expected a path below ${kubeletDirectory}, got ${paths[outside]}, which is ${places[outside]}`);
}
