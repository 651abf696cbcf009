/**
 * Makes sure that a folder holds nothing, or names what it holds. What is in use (a mount inside, an image under a loop
 * device) and what is Brickyard's is never touched, consent or not; the rest is removed only with consent for this
 * folder. What fsck finds (lost+found) may stay.
 */
import type { DeviceName } from '../../../domain/names.ts';
import { rejected, type Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { allMounts } from '../mounts.ts';
import { look, step } from '../steps.ts';
import { emptyFolder, findIdentities, listLoopDevices, realPath } from './argv.ts';
import { listing } from './listing.ts';
import { ownerOf, shelfName, shelfOf } from './names.ts';
import { readEntries, readLoopDevices, type Entry } from './report.ts';

export async function clearedFolder(errand: Errand, device: DeviceName, wipe: boolean): Promise<Setback | undefined> {
  const where = `${device} of ${errand.node.id}`;
  const listed = await listing(errand, device);
  if (listed.kind !== 'read') {
    return listed;
  }
  const folder = listed.value.find(({ name }) => name === '');
  if (folder === undefined) {
    return rejected(`${where} does not exist`);
  }
  if (folder.type !== 'd') {
    return rejected(`${where} is ${describeType(folder)}, expected a folder`);
  }
  const inside = listed.value.filter(({ name }) => name !== '' && name !== 'lost+found');
  const strange = await withoutOwnShelf(errand, device, inside);
  if (strange.kind !== 'read') {
    return strange;
  }
  if (strange.value.length === 0) {
    return undefined;
  }
  const untouchable =
    (await ofBrickyard(errand, device, { deep: wipe })) ?? (wipe ? await inUse(errand, device, where) : undefined);
  if (untouchable !== undefined) {
    return untouchable;
  }
  return wipe ? step(errand, emptyFolder(device)) : rejected(`${where} holds ${namesOf(strange.value)}`);
}

/** An empty shelf of this device's own is what a crash in the middle of preparing leaves. */
async function withoutOwnShelf(
  errand: Errand,
  device: DeviceName,
  inside: readonly Entry[],
): Promise<{ readonly kind: 'read'; readonly value: readonly Entry[] } | Setback> {
  const { path } = shelfOf(errand.node.id, device);
  const isOwn = ({ name }: Entry): boolean => `${device}/${name}` === path;
  if (!inside.some(isOwn)) {
    return { kind: 'read', value: inside };
  }
  const shelf = await listing(errand, path);
  if (shelf.kind !== 'read') {
    return shelf;
  }
  const isEmpty = shelf.value.every(({ name }) => name === '');
  return { kind: 'read', value: isEmpty ? inside.filter((entry) => !isOwn(entry)) : inside };
}

/** Other nodes' or devices' bricks; with `deep` at whatever depth. */
async function ofBrickyard(
  errand: Errand,
  device: DeviceName,
  depth: { readonly deep: boolean },
): Promise<Setback | undefined> {
  const found = await look(errand, findIdentities(device, depth), readEntries);
  if (found.kind !== 'read') {
    return found;
  }
  const shelf = found.value.find(({ name }) => shelfName.test(name.split('/').at(-2) ?? ''));
  return shelf === undefined
    ? undefined
    : rejected(`${device} of ${errand.node.id} holds bricks of Brickyard's: it is ${ownerOf(shelf.link)}`);
}

async function inUse(errand: Errand, device: DeviceName, where: string): Promise<Setback | undefined> {
  const real = await look(errand, realPath(device), (text) => text.trim());
  if (real.kind !== 'read') {
    return real;
  }
  const below = (path: string): boolean => path.startsWith(`${real.value}/`);
  const mounts = await allMounts(errand);
  if (mounts.kind !== 'read') {
    return mounts;
  }
  const mount = mounts.value.find(({ target }) => below(target));
  if (mount !== undefined) {
    return rejected(`${where} is in use: ${mount.source} is mounted on ${mount.target}`);
  }
  const loops = await look(errand, listLoopDevices(), readLoopDevices);
  if (loops.kind !== 'read') {
    return loops;
  }
  const loop = loops.value.find(({ file }) => below(file));
  return loop === undefined ? undefined : rejected(`${where} is in use: ${loop.name} uses ${loop.file}`);
}

function describeType({ type, link }: Entry): string {
  return type === 'l' ? `a symbolic link to ${link}` : type === 'f' ? 'a file' : `of type ${type}`;
}

const shown = 5;

/** The first few, without anything that could break a line. */
function namesOf(entries: readonly Entry[]): string {
  const names = entries.map(({ name }) => name.replaceAll(/[\p{Cc}]/gu, '?')).sort();
  const more = names.length - shown;
  return [...names.slice(0, shown), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
