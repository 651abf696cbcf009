/** The grammars of src/domain/names.ts as other systems can check them: see TextShape. */
import type { TextShape } from './schema.ts';

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const deviceCharacter = '[a-zA-Z0-9_:+-]';
/** A path segment that is neither `.` nor `..`. */
const deviceSegment = `(${deviceCharacter}|[.]${deviceCharacter}|[.][.][a-zA-Z0-9_.:+-])[a-zA-Z0-9_.:+-]*`;

export const clusterIdShape: TextShape = { pattern: '^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$', maxLength: 40 };
export const nodeIdShape: TextShape = { pattern: `^${label}([.]${label})*$`, maxLength: 253 };
export const deviceNameShape: TextShape = { pattern: `^(/${deviceSegment})+$`, minLength: 2, maxLength: 255 };
export const volumeNameShape: TextShape = { pattern: '^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$', maxLength: 128 };
export const volumeIdShape: TextShape = { pattern: `^${uuid}$`, maxLength: 36 };
export const brickIdShape: TextShape = { pattern: `^${uuid}-[0-9]+-[0-9]+-[0-9]+$`, maxLength: 128 };
/** Lower case, as it is kept: an IPv4 address, an IPv6 address or a DNS name, told apart by the parser only. */
export const hostNameShape: TextShape = { pattern: '^[0-9a-z:]([-0-9a-z.:]*[0-9a-z:])?$', maxLength: 253 };
