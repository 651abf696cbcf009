/** The file tree that the nodes' programs come from, when it is not this machine's: BRICKYARD_GLUSTER_ROOT. */
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('within.sh', import.meta.url));
const given = process.env['BRICKYARD_GLUSTER_ROOT'] ?? '';

/** Absolute path; undefined: this machine's own programs. */
export const otherRoot = given === '' ? undefined : given;

/** Words that put a command, which has a mount namespace of its own, under that file tree. */
export const withinRoot: readonly string[] = otherRoot === undefined ? [] : [script, otherRoot];

/** What of this machine cannot be seen under it: see within.sh. */
export const hidden: readonly string[] = otherRoot === undefined ? [] : ['/etc', '/usr', '/var/log', '/var/lib'];

export const isHidden = (path: string): boolean => hidden.some((folder) => path.startsWith(`${folder}/`));
