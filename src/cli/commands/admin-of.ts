import { NoServerError, remoteAdmin } from '../../api/remote-admin.ts';
import type { Admin } from '../../api/admin.ts';
import { AdminError } from '../../api/admin-error.ts';
import type { Config } from '../config/schema.ts';
import { CommandError } from '../exit-codes.ts';
import type { Io } from '../io.ts';

/**
 * Lets `work` ask the server that runs on the configured socket. When none runs, the state file is opened here instead,
 * and a line on stderr says so; with `create` also when there is none yet.
 */
export async function withAdmin<T>(
  config: Config,
  io: Io,
  work: (admin: Admin) => Promise<T>,
  options: { readonly create: boolean } = { create: false },
): Promise<T> {
  try {
    const server = remoteAdmin(config.admin.socket);
    if (await runs(server)) {
      return await work(server);
    }
    const { withStore } = await import('../serve/offline.ts');
    io.err(`No server runs on ${config.admin.socket}: working on ${config.store.path} directly.`);
    return await withStore(config, options.create, work);
  } catch (error) {
    if (error instanceof AdminError || error instanceof NoServerError) {
      throw new CommandError(error.message, { cause: error });
    }
    throw error;
  }
}

async function runs(server: Admin): Promise<boolean> {
  try {
    await server.version();
    return true;
  } catch (error) {
    if (error instanceof NoServerError) {
      return false;
    }
    throw error;
  }
}
