/** `work` on each item, at most `limit` at a time, in order. Rejects with the first error, when the rest has ended. */
export async function sideBySide<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      await work(next.value);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker));
  const broken = ended.find(({ status }) => status === 'rejected');
  if (broken?.status === 'rejected') {
    throw broken.reason;
  }
}
