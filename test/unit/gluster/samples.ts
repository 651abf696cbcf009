/** The real outputs under test/fixtures/gluster-xml, each with the command that it answers. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Exited } from '../../../src/gluster/runner.ts';

export interface Sample {
  readonly file: string;
  /** Words after `gluster --xml --mode=script`. */
  readonly words: readonly string[];
  readonly exited: Exited;
}

const folder = new URL('../../fixtures/gluster-xml/', import.meta.url);
const heading = /<\?sample command="gluster --xml --mode=script ([^"]*)" exit="(\d+)" ms="\d+" stderr="([^"]*)"\?>\n?/;

const unescape = (text: string): string =>
  text
    .replaceAll('&#10;', '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

export function sample(file: string): Sample {
  const text = readFileSync(new URL(file, folder), 'utf8');
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

export const sampleFiles = (): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.xml'))
    .sort();
