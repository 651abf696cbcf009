/** A controller of the scenario's own: the real binary in processes out of the cluster, and simulated nodes in this one. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTopology, startBrickyard, type BrickyardProcess } from '../../support/brickyard-process.ts';
import { startStorage, type StorageOptions, type TestStorage } from '../../support/storage.ts';

export interface OwnController {
  readonly storage: TestStorage;
  /** The first replica, as it was started last. */
  readonly brickyard: BrickyardProcess;
  /** Ends the first replica as SIGKILL does, and starts it again on its state. */
  killAndStart(): Promise<void>;
  /** Another replica, with a state folder of its own. */
  standby(): Promise<BrickyardProcess>;
  close(): Promise<void>;
}

/** For controllers that are killed: the next one leads after 5 s, not 15. */
export const shortLease = { enabled: true, leaseDuration: '5s', renewDeadline: '4s', retryPeriod: '500ms' };

export interface OwnControllerOptions {
  readonly storage?: StorageOptions;
  /** More of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface Surroundings {
  readonly directory: string;
  readonly kubeconfigPath: string;
  readonly provisioner: string;
  readonly namespace: string;
}

/** Resolves when the first replica leads and knows its nodes. */
export async function startOwnController(
  surroundings: Surroundings,
  { storage: size = {}, config = {} }: OwnControllerOptions,
): Promise<OwnController> {
  const { directory } = surroundings;
  const storage = await startStorage(directory, size);
  const options = { ...surroundings, storage, leaderElection: true, config };
  const others: BrickyardProcess[] = [];
  let brickyard: BrickyardProcess | undefined;
  const start = async (): Promise<BrickyardProcess> => (brickyard = await startBrickyard(options));
  const close = async (): Promise<void> => {
    const all = brickyard === undefined ? others : [brickyard, ...others];
    await Promise.all(all.filter(({ running }) => running).map((each) => each.stop()));
    await storage.close();
  };
  try {
    await start();
    await loadTopology(options);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    storage,
    get brickyard() {
      if (brickyard === undefined) {
        throw new Error('no controller was started');
      }
      return brickyard;
    },
    killAndStart: async () => {
      await brickyard?.kill();
      await start();
    },
    standby: async () => {
      const own = join(directory, `standby-${others.length}`);
      await mkdir(own);
      const another = await startBrickyard({ ...options, directory: own });
      others.push(another);
      return another;
    },
    close,
  };
}
