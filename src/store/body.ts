/** Documents as text, the same in every store that keeps text. */
import { StoreError, type StoredDocument } from '../engine/ports.ts';

/** What the text says, or the text itself when it is no JSON: the engine quarantines what it cannot read. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body as JSON. Throws StoreError, naming the document, on a body that has no JSON form. */
export function writeBody(document: StoredDocument): string {
  try {
    // Undefined for a function or `undefined`, whatever the types say.
    const text: string | undefined = JSON.stringify(document.body);
    if (text !== undefined) {
      return text;
    }
  } catch (cause) {
    throw new StoreError(`${document.kind} ${document.id} has no JSON form`, { retryable: false, cause });
  }
  throw new StoreError(`${document.kind} ${document.id} has no JSON form`, { retryable: false });
}
