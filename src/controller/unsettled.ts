import type { VolumeId } from '../domain/names.ts';
import type { VolumeRequest } from '../domain/volume.ts';

/**
 * Requests whose last answer was "unknown": something may still be running on a storage node. Should the claim go
 * meanwhile, the request is pressed on to a definite answer before anything is undone. In memory only: after a restart
 * nothing of ours runs any more.
 */
export class Unsettled {
  readonly #requests = new Map<VolumeId, VolumeRequest>();

  add(request: VolumeRequest): void {
    this.#requests.set(request.id, request);
  }

  remove(id: VolumeId): void {
    this.#requests.delete(id);
  }

  get(id: VolumeId): VolumeRequest | undefined {
    return this.#requests.get(id);
  }
}
