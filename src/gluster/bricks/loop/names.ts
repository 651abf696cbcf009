/**
 * The names of what stands in a folder. Every file of a brick keeps its name for life, so that whoever reads the folder
 * while others work in it never misses one that stands.
 */
import { brickId, NameError, type BrickId, type DeviceName, type NodeId } from '../../../domain/names.ts';
import { deviceKeyOf, mountPlaceOf, type MountPlace } from '../place.ts';

/** Where a device keeps everything: one folder in the folder. */
export interface Shelf {
  readonly path: string;
  /** A symbolic link whose text says whose the shelf is: made in one step, whole or not at all. */
  readonly identity: string;
  readonly identityText: string;
}

export const identityName = 'brickyard.identity';

/** Names of shelves, ours and others'. */
export const shelfName = /^by_[0-9a-f]{16}$/;

export function shelfOf(node: NodeId, device: DeviceName): Shelf {
  const path = `${device}/${deviceKeyOf(node, device)}`;
  return { path, identity: `${path}/${identityName}`, identityText: `node=${node};device=${device}` };
}

/** Whose a shelf is, in words, from the text of its identity. */
export function ownerOf(identityText: string): string {
  const [, node, device] = /^node=([^;]+);device=(.+)$/.exec(identityText) ?? [];
  return node === undefined || device === undefined ? identityText : `device ${device} of node ${node}`;
}

export interface BrickFiles extends MountPlace {
  readonly shelf: string;
  /** Sparse, with the file system in it. */
  readonly image: string;
  /**
   * A symbolic link that stands once the file system is whole: what is not ready was never mounted. Its text is the brick's
   * identity, or `plainSign`.
   */
  readonly ready: string;
  /** Empty but for its size, which the image is going to have when it is larger than what the image has. */
  readonly claim: string;
}

/** The sign of a brick that says nothing of its volume. */
export const plainSign = 'xfs';

const endings = { image: '.xfs', ready: '.ready', claim: '.claim' } as const;
export type BrickFile = keyof typeof endings;

export function brickFilesOf(node: NodeId, device: DeviceName, brick: BrickId): BrickFiles {
  const shelf = shelfOf(node, device).path;
  const file = (kind: BrickFile): string => `${shelf}/${brick}${endings[kind]}`;
  return {
    shelf,
    image: file('image'),
    ready: file('ready'),
    claim: file('claim'),
    ...mountPlaceOf(deviceKeyOf(node, device), brick),
  };
}

/** Which file of which brick a name in a shelf stands for; `undefined`: none of ours. */
export function brickFileOf(name: string): { readonly brick: BrickId; readonly file: BrickFile } | undefined {
  for (const file of ['image', 'ready', 'claim'] as const) {
    if (name.endsWith(endings[file])) {
      try {
        return { brick: brickId(name.slice(0, -endings[file].length)), file };
      } catch (error) {
        if (error instanceof NameError) {
          return undefined;
        }
        throw error;
      }
    }
  }
  return undefined;
}
