/**
 * Real outputs, each with the command that it answers: of glusterfs 10 under test/fixtures/gluster-xml, and of 11 where it
 * says something else under test/fixtures/gluster-xml-11.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Exited } from '../../../src/gluster/runner.ts';

export interface Sample {
  readonly file: string;
  /** Words after `gluster --xml --mode=script`. */
  readonly words: readonly string[];
  readonly exited: Exited;
}

type Gluster = 10 | 11;

const folders: Readonly<Record<Gluster, URL>> = {
  10: new URL('../../fixtures/gluster-xml/', import.meta.url),
  11: new URL('../../fixtures/gluster-xml-11/', import.meta.url),
};
const heading = /<\?sample command="gluster --xml --mode=script ([^"]*)" exit="(\d+)" ms="\d+" stderr="([^"]*)"\?>\n?/;

const unescape = (text: string): string =>
  text
    .replaceAll('&#10;', '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

export function sample(file: string, gluster: Gluster = 10): Sample {
  const text = readFileSync(new URL(file, folders[gluster]), 'utf8');
  const match = heading.exec(text);
  if (match === null) {
    throw new Error(`${file} does not say which command it answers`);
  }
  const [whole, command = '', exit = '', stderr = ''] = match;
  return {
    file,
    words: unescape(command).split(' '),
    exited: { kind: 'exited', exitCode: Number(exit), stdout: text.replace(whole, ''), stderr: unescape(stderr) },
  };
}

export const sampleFiles = (gluster: Gluster = 10): readonly string[] =>
  readdirSync(folders[gluster])
    .filter((file) => file.endsWith('.xml'))
    .sort();
