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

const document = (opRet: number, opErrno: number, opErrstr: string, body: Body): ToolResult =>
  printed(
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${builder.build({ cliOutput: { opRet, opErrno, opErrstr, ...body } })}`,
  );

export const success = (body: Body, opErrno = 0): ToolResult => document(0, opErrno, '', body);

/** Some commands say in the place of an error that they have worked. */
export const successSaying = (opErrstr: string, body: Body): ToolResult => document(0, 0, opErrstr, body);

/** A refusal exits 0. 30800 is the number for nearly everything. */
export const refusal = (opErrstr: string, opErrno = 30800, body: Body = {}): ToolResult =>
  document(-1, opErrno, opErrstr, body);

/** `volume set` says things twice. */
export const setRefusal = (opErrstr: string, opErrno = 30800): ToolResult =>
  refusal(opErrstr, opErrno, { cliOp: 'volSet', output: 'Set volume unsuccessful' });

export const locked = (volume: string, setting: boolean): ToolResult => {
  const text = `Another transaction is in progress for ${volume}. Please try again after some time.`;
  return setting ? setRefusal(text, 30802) : refusal(text, 30802);
};

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
