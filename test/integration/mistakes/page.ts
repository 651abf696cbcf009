/** docs/troubleshooting.md as data: sections by their anchors, with the messages that they show. */
import { readFileSync } from 'node:fs';

interface Section {
  readonly anchor: string;
  /** What stands in its `text` blocks, one message a block. */
  readonly messages: readonly string[];
}

const page = readFileSync(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8');

const sections: readonly Section[] = page
  .split(/^<a id="/m)
  .slice(1)
  .map((text) => ({
    anchor: text.slice(0, text.indexOf('"')),
    messages: [...text.matchAll(/^```text\n([^]*?)\n```$/gm)].map(([, message = '']) => message),
  }));

/** Every place that a link can lead to; a section may have several. */
export const anchors: readonly string[] = [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, anchor = '']) => anchor);

/** What differs from place to place, as the page writes it. */
function normalised(message: string): string {
  return message
    .replaceAll(/\/tmp\/brickyard-mistake-\w+\//g, '')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/pvc-[0-9a-f-]{36}/g, 'pvc-UID')
    .replaceAll('User "sandbox"', 'User "system:serviceaccount:brickyard:brickyard"');
}

const found = new Set<string>();

/** The message as the page would show it. */
export function seen(message: string): string {
  const words = normalised(message);
  found.add(words);
  return words;
}

/** What the section shows. */
export const shown = (anchor: string): readonly string[] =>
  sections.find((one) => one.anchor === anchor)?.messages ?? [];

/** Messages of the page that `seen` was never given. */
export const neverSeen = (): string[] =>
  sections.flatMap(({ messages }) => messages.filter((message) => !found.has(message)));
