/** Listens on a port of 127.0.0.1 in the network that it was started in, and hands the listening socket to its parent. */
import { createServer } from 'node:net';

const server = createServer();
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  process.send?.('listening', server, undefined, () => process.exit());
});
