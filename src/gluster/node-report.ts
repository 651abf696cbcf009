/** What a node's own tools say about it. */
import { z } from 'zod';
import { parseJson, ReportError } from './json.ts';

/** Reads the kernel's boot id. Throws ReportError. */
export function readBootIdReport(text: string): string {
  const id = z.uuid().safeParse(text.trim());
  if (!id.success) {
    throw new ReportError(`boot_id: expected a UUID, got ${JSON.stringify(text.slice(0, 200))}`);
  }
  return id.data;
}

const interfaces = z.array(
  z.object({
    // An interface that is hidden from this namespace reads as an empty object.
    addr_info: z.array(z.object({ local: z.string().optional(), scope: z.string().optional() })).default([]),
  }),
);

const linkLocal = /^(?:169\.254\.|fe[89ab])/i;
const loopback = /^(?:127\.|::1$)/;

/** Addresses of `ip -json address show`, loopback and link-local left out, in its order. Throws ReportError. */
export function readAddresses(text: string): readonly string[] {
  const found = parseJson('ip', text, interfaces).flatMap(({ addr_info }) => addr_info);
  const usable = found.flatMap(({ local, scope }) =>
    local === undefined || scope === 'host' || scope === 'link' || linkLocal.test(local) || loopback.test(local)
      ? []
      : [local],
  );
  return [...new Set(usable)];
}
