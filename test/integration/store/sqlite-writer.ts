/** Writes documents for ever and prints the id of each one once it is durable. Ended by its parent with SIGKILL. */
import { SqliteStore } from '../../../src/store/sqlite.ts';

const [path = '', round = ''] = process.argv.slice(2);
const store = new SqliteStore({ path });
await store.open();
for (let index = 0; ; index += 1) {
  const id = `${round}-${index}`;
  await store.put({ kind: 'volume', id, body: { index, padding: 'x'.repeat(200) } });
  process.stdout.write(`${id}\n`);
}
