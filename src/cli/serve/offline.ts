import { access } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf } from '../../domain/error-message.ts';
import type { Admin } from '../../api/admin.ts';
import { localAdmin } from '../../api/local-admin.ts';
import { clusterRealm } from '../../controller/realm.ts';
import { silentLog } from '../../domain/log.ts';
import { StoreError, type StateStore } from '../../engine/ports.ts';
import type { Config } from '../config/schema.ts';
import { CommandError } from '../exit-codes.ts';
import { systemClock } from '../system-clock.ts';
import { brickyardVersion } from '../version.ts';
import { engineOf, sqliteStore } from './create-engine.ts';
import { createKubeClient } from './kube-client.ts';
import { openStorageNodes } from './nodes/open.ts';

const meta = z.object({ realm: z.string() });

/**
 * Lets `work` use an engine on the state file, in a process where no server runs. With `create` the file may be missing;
 * whose it is then has to be asked of the Kubernetes API. Throws CommandError.
 */
export async function withStore<T>(config: Config, create: boolean, work: (admin: Admin) => Promise<T>): Promise<T> {
  if (config.store.kind !== 'sqlite') {
    throw new CommandError(
      `no server runs on ${config.admin.socket}, and only the replica that leads may write to the ${config.store.kind} store: run the command there`,
    );
  }
  if (!create) {
    await mustExist(config.store.path);
  }
  const parts = { clock: systemClock, random: Math.random, log: silentLog };
  const access = await openStorageNodes({ ...parts, config: config.nodes, mayAct: () => true });
  const observer = { stepFinished: () => undefined, laneChanged: () => undefined };
  try {
    const realm = (await realmIn(sqliteStore(config))) ?? (await askRealm(config));
    const engine = engineOf({ ...parts, config, store: sqliteStore(config), nodes: access.nodes, observer });
    await engine.open(realm);
    try {
      await access.opened(engine, new AbortController().signal);
      return await work(localAdmin({ version: brickyardVersion(), role: () => 'offline', engine: () => engine }));
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (error instanceof StoreError) {
      throw new CommandError(`${config.store.path}: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    access.close();
  }
}

async function mustExist(path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    throw new CommandError(
      `there is no state file at ${path}, and no server to ask: start "brickyard serve" first, or name its folder with --state-dir`,
      { cause: error },
    );
  }
}

/** Whose volumes the file holds; `undefined` when nobody has said yet. */
async function realmIn(store: StateStore): Promise<string | undefined> {
  const documents = await store.open();
  await store.close();
  return meta.safeParse(documents.find(({ kind }) => kind === 'meta')?.body).data?.realm;
}

async function askRealm(config: Config): Promise<string> {
  const parts = { clock: systemClock, random: Math.random, log: silentLog, observer: { called: () => undefined } };
  const kube = await createKubeClient({ ...parts, config });
  try {
    return await clusterRealm(kube);
  } catch (error) {
    const why = messageOf(error);
    throw new CommandError(
      `the state file is new, and the Kubernetes cluster that it is to serve does not say which one it is: ${why}`,
      { cause: error },
    );
  } finally {
    await kube.close();
  }
}
