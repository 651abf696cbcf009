import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { KubeApi } from '../../kube/api.ts';
import { Reflector } from '../../kube/reflector.ts';
import {
  events,
  persistentVolumeClaims,
  storageClasses,
  type PersistentVolumeClaim,
  type StorageClassBody,
} from '../../kube/resources.ts';

const namespace = 'default';
const label = 'brickyard.dev/sandbox';

/** The class that the project ships as an example: three levels up both from `src/` and from `dist/`. */
const exampleClass = new URL('../../../examples/storageclass.yaml', import.meta.url);
const classFile = z.looseObject({ metadata: z.object({ name: z.string() }), provisioner: z.string() });

/** As `kubectl apply` creates it, so that the same file can be applied over it without a warning. */
function asApplied(manifest: z.infer<typeof classFile>): StorageClassBody {
  const { metadata, ...rest } = manifest;
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(manifest)}\n` };
  return { ...rest, metadata: { ...metadata, annotations } };
}

export interface DemoParts {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told once of each claim that gets bound. */
  readonly onBound: (claim: PersistentVolumeClaim) => void;
}

/** The claims of a sandbox, made and watched through the Kubernetes API like anybody's. */
export class DemoClaims {
  readonly #parts: DemoParts;
  readonly #cache: Reflector<PersistentVolumeClaim>;

  constructor(parts: DemoParts) {
    this.#parts = parts;
    this.#cache = new Reflector({
      ...parts,
      resource: persistentVolumeClaims,
      selection: { namespace, labelSelector: `${label}=demo` },
    });
    this.#cache.addHandler({
      update: (claim, old) => {
        if (claim.status.phase === 'Bound' && old.status.phase !== 'Bound') {
          parts.onBound(claim);
        }
      },
    });
  }

  /** Creates the example class and `count` claims of it, of 1 to 4 GiB. Returns the name of the class. */
  async create(count: number): Promise<string> {
    const manifest = classFile.parse(parse(await readFile(exampleClass, 'utf8')));
    await this.#parts.api.create(storageClasses, asApplied(manifest));
    this.#cache.start();
    await this.#cache.synced();
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.#parts.api.create(
          persistentVolumeClaims,
          {
            metadata: { name: `demo-${index + 1}`, namespace, labels: { [label]: 'demo' } },
            spec: {
              storageClassName: manifest.metadata.name,
              accessModes: ['ReadWriteMany'],
              resources: { requests: { storage: `${1 + (index % 4)}Gi` } },
            },
          },
          { namespace },
        ),
      ),
    );
    return manifest.metadata.name;
  }

  /** As last seen, by name with numbers in their order. */
  all(): readonly PersistentVolumeClaim[] {
    return this.#cache.lister
      .all()
      .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));
  }

  unbound(): readonly PersistentVolumeClaim[] {
    return this.all().filter((claim) => claim.status.phase !== 'Bound');
  }

  /** The last thing that was said about a claim, for the message that it did not get bound. */
  async lastEvent(claim: PersistentVolumeClaim): Promise<string> {
    const { items } = await this.#parts.api.list(events, {
      namespace,
      fieldSelector: `involvedObject.uid=${claim.metadata.uid}`,
    });
    // Of events in the same second the list does not say which is the last; warnings say more than good intentions.
    const telling = items.filter(({ type }) => type === 'Warning');
    return (telling.at(-1) ?? items.at(-1))?.message ?? 'no event tells why';
  }

  /** Deletes them all. Their volumes follow. */
  async remove(): Promise<void> {
    await Promise.all(
      this.all().map(({ metadata }) =>
        this.#parts.api.delete(persistentVolumeClaims, { namespace, name: metadata.name }),
      ),
    );
  }

  stop(): Promise<void> {
    return this.#cache.stop();
  }
}
