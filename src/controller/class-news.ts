/** Tells the author of a StorageClass of ours that no claim of it can ever be served, before anybody has made one. */
import type { Log } from '../domain/log.ts';
import { referenceTo } from '../kube/event-body.ts';
import type { ObjectHandler } from '../kube/handlers.ts';
import { storageClasses, type StorageClass } from '../kube/resources.ts';
import { describeFieldProblems, putClassRight, readClass, withRemedy } from './class-problems.ts';
import { eventReason, type Events } from './events.ts';

export interface ClassNewsDependencies {
  readonly events: Events;
  readonly log: Log;
  /** Our name in StorageClasses. */
  readonly provisioner: string;
}

/**
 * Once for each state of a class, by uid and resourceVersion: lists that come again say nothing. Events about a class
 * stand in the namespace `default`. In memory only: a restart tells once more.
 */
export class ClassNews implements ObjectHandler<StorageClass> {
  readonly #deps: ClassNewsDependencies;
  /** Of each class that can never work, the state that was told of, by name. */
  readonly #told = new Map<string, string>();

  constructor(deps: ClassNewsDependencies) {
    this.#deps = deps;
  }

  add(storageClass: StorageClass): void {
    this.#look(storageClass);
  }

  /** A class that was deleted and made anew may arrive as a change. */
  update(storageClass: StorageClass): void {
    this.#look(storageClass);
  }

  delete({ metadata }: StorageClass): void {
    this.#told.delete(metadata.name);
  }

  #look(storageClass: StorageClass): void {
    const { events, log, provisioner } = this.#deps;
    const { name, uid, resourceVersion } = storageClass.metadata;
    const read = readClass(storageClass);
    if (storageClass.provisioner !== provisioner || read.ok) {
      this.#told.delete(name);
      return;
    }
    const state = `${uid} ${resourceVersion}`;
    if (this.#told.get(name) === state) {
      return;
    }
    this.#told.set(name, state);
    const problems = describeFieldProblems(read.problems);
    log.warn({ storageClass: name, problems }, 'a StorageClass can never work as it is');
    events.record({
      about: referenceTo(storageClasses, storageClass),
      type: 'Warning',
      reason: eventReason.invalidClass,
      message: withRemedy(`no claim of this class can be served: ${problems}`, putClassRight(name)),
    });
  }
}
