import { z } from 'zod';
import type { Page } from './api.ts';
import { KubeError } from './errors.ts';
import type { KubeObject, Resource } from './resource.ts';
import { describeUnreadable } from './watch-stream.ts';

const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1), continue: z.string().nullish() }),
  items: z.array(z.unknown()).nullish(),
});

/**
 * One page of a list, and the token of the next one. Objects that do not parse are told to `unreadable` and left out.
 * Throws KubeError (`protocol`) when it is no list.
 */
export function readPage<T extends KubeObject>(
  resource: Resource<T>,
  raw: unknown,
  unreadable: (key: string, problem: unknown) => void,
): { readonly page: Page<T>; readonly next: string | undefined } {
  const list = listSchema.safeParse(raw);
  if (!list.success) {
    throw new KubeError(`list ${resource.plural}: the answer is not a list`, { kind: 'protocol', cause: list.error });
  }
  const { metadata, items: rawItems } = list.data;
  const items: T[] = [];
  const bad: string[] = [];
  for (const item of rawItems ?? []) {
    try {
      items.push(resource.parse(item));
    } catch (problem) {
      const { key } = describeUnreadable(item);
      unreadable(key, problem);
      bad.push(key);
    }
  }
  const next = metadata.continue === null || metadata.continue === '' ? undefined : metadata.continue;
  return { page: { items, unreadable: bad, resourceVersion: metadata.resourceVersion }, next };
}

/** All pages as one. The position is that of the last page: the server answers all of them from one state. */
export async function joined<T>(pages: AsyncIterable<Page<T>>): Promise<Page<T>> {
  const items: T[] = [];
  const unreadable: string[] = [];
  let resourceVersion = '';
  for await (const page of pages) {
    items.push(...page.items);
    unreadable.push(...page.unreadable);
    resourceVersion = page.resourceVersion;
  }
  return { items, unreadable, resourceVersion };
}
