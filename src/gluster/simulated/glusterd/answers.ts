/** Answers in the words and the shape of the real command line with --xml. */
import { XMLBuilder } from 'fast-xml-parser';
import { complaint, printed, type ToolResult } from '../tools/tool.ts';

const builder = new XMLBuilder({
  format: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: true,
});

export type Body = Readonly<Record<string, unknown>>;

const xml = (cliOutput: Body): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${builder.build({ cliOutput })}`;

const document = (opRet: number, opErrno: number, opErrstr: string, body: Body): ToolResult =>
  printed(xml({ opRet, opErrno, opErrstr, ...body }));

export const success = (body: Body, opErrno = 0): ToolResult => document(0, opErrno, '', body);

/** Some commands say in the place of an error that they have worked. */
export const successSaying = (opErrstr: string, body: Body): ToolResult => document(0, 0, opErrstr, body);

/** A refusal exits 0. 30800 is the number for nearly everything. */
export const refusal = (opErrstr: string, opErrno = 30800, body: Body = {}): ToolResult =>
  document(-1, opErrno, opErrstr, body);

/** A detach is refused in a way of its own where the node is in use. */
export const detachRefusal = (opErrstr: string, opErrno: number, opRet: -1 | 1 = -1): ToolResult =>
  document(opRet, opErrno, opErrstr, {});

/** `volume set` says things twice. */
export const setRefusal = (opErrstr: string, opErrno = 30800): ToolResult =>
  refusal(opErrstr, opErrno, { cliOp: 'volSet', output: 'Set volume unsuccessful' });

/** What reads the bricks' indices puts its verdict behind the data, and exits with its error number below 256. */
export function healDocument(opErrno: number, opErrstr: string, bricks: Body | ''): ToolResult {
  const verdict = { opRet: opErrno === 0 ? 0 : -1, opErrno, opErrstr };
  return { ...printed(xml({ healInfo: { bricks }, ...verdict })), exitCode: opErrno === 0 ? 0 : 256 - opErrno };
}

/** These come without XML, exit 1, and on standard output. */
export const glusterdDown: ToolResult = {
  ...complaint(1, ''),
  stdout: 'Connection failed. Please check if gluster daemon is operational.\n',
  stderr: '',
};
export const requestTimedOut: ToolResult = { exitCode: 1, stdout: 'Error : Request timed out\n', stderr: '' };

export const refusedAs = (fault: {
  readonly opRet: number;
  readonly opErrno: number;
  readonly opErrstr: string;
}): ToolResult => document(fault.opRet, fault.opErrno, fault.opErrstr, {});
