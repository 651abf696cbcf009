/**
 * The envelope around every answer of the gluster command line. With --xml most failures exit 0 and say so in
 * `opRet`; some commands and some failures have no XML at all. Both end here as one closed union.
 */
import { z } from 'zod';
import { describeIssues } from '../../domain/schema.ts';
import type { Exited } from '../runner.ts';
import { readCliOutput } from './reader.ts';

/** Gluster said no. What that means is for `problemOf` (errors.ts) to say. */
export interface Refusal {
  /** Gluster's error number; absent where the answer was plain text. 0 and 30800 mean nothing in particular. */
  readonly opErrno?: number;
  /** In gluster's words; can be several lines, and empty. */
  readonly message: string;
}

export type Answer<T> =
  /** `notice`: what gluster remarked although it did as asked (with `force` it can be a swallowed error). */
  | { readonly kind: 'success'; readonly value: T; readonly notice: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Neither: torn output, or a shape that this version does not know. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads what stands in the answer of a successful command. Throws ZodError when it is not what it should be. */
export type BodyReader<T> = (body: unknown) => T;

const count = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);

const envelope = z.object({
  opRet: count,
  opErrno: count,
  opErrstr: z.string().default(''),
  output: z.string().default(''),
});

/** Reads an answer whose success must be XML. */
export function readAnswer<T>(exited: Exited, body: BodyReader<T>): Answer<T> {
  const tree = readCliOutput(exited.stdout);
  if (tree === undefined) {
    return exited.exitCode === 0
      ? { kind: 'unreadable', reason: `expected a complete XML answer, got ${JSON.stringify(tail(exited.stdout))}` }
      : { kind: 'refused', refusal: { message: plainText(exited) } };
  }
  const head = envelope.safeParse(tree);
  if (!head.success) {
    return { kind: 'unreadable', reason: describeIssues(head.error) };
  }
  const { opRet, opErrno, opErrstr, output } = head.data;
  if (opRet !== 0) {
    return { kind: 'refused', refusal: { opErrno, message: opErrstr || output } };
  }
  try {
    return { kind: 'success', value: body(tree), notice: opErrstr };
  } catch (error) {
    if (error instanceof z.ZodError) {
      return { kind: 'unreadable', reason: describeIssues(error) };
    }
    throw error;
  }
}

/**
 * Reads the answer of a command of which only success matters. The value is what gluster printed. Commands that know
 * no XML (heal launch) answer in plain text and by exit code.
 */
export function readAcknowledgement(exited: Exited): Answer<string> {
  if (exited.exitCode === 0 && !exited.stdout.includes('<cliOutput')) {
    return { kind: 'success', value: exited.stdout.trim(), notice: '' };
  }
  return readAnswer(exited, (body) => envelope.parse(body).output);
}

/** Failures without XML speak on either stream; usage text comes on both. */
function plainText({ stdout, stderr, exitCode }: Exited): string {
  const spoken = stderr.trim() || stdout.trim();
  return spoken === '' ? `exit code ${exitCode} without a word` : tail(spoken);
}

const tail = (text: string): string => (text.length <= 400 ? text : `...${text.slice(-400)}`);
