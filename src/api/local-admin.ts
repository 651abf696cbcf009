import type { VolumeEngine } from '../engine/api.ts';
import { AdminError } from './admin-error.ts';
import type { Admin, VersionView } from './admin.ts';
import { UnknownPlaceError, viewCapacity } from './capacity.ts';
import { findVolume } from './find-volume.ts';
import { growBy } from './growth.ts';
import { localNodes } from './local-nodes.ts';
import { localRecovery } from './local-recovery.ts';
import { viewOutcome } from './outcome-view.ts';
import { viewState, type StateQuery, type StateView } from './placement-state.ts';
import { parseTopologyFile, TopologyFileError } from './topology-file.ts';
import { viewPlan, viewProgress } from './topology-plan.ts';
import { viewTopology, viewVolume, type VolumeView } from './views.ts';
import { viewVolumePlan } from './volume-plan.ts';

export interface LocalAdminOptions {
  readonly version: string;
  readonly role: () => VersionView['role'];
  /** The engine, or why there is none now. */
  readonly engine: () => VolumeEngine | string;
}

/** Answers from an engine in this process. */
export function localAdmin({ version, role, engine }: LocalAdminOptions): Admin {
  const opened = (): VolumeEngine => {
    const found = engine();
    if (typeof found === 'string') {
      throw new AdminError(role() === 'starting' ? 'starting' : 'unavailable', found);
    }
    return found;
  };
  return {
    version: async () => ({ version, role: role() }),
    topology: async () => viewTopology(opened()),
    planTopology: async (document) => viewPlan(opened().planTopology(desired(document))),
    applyTopology: async (document, onProgress, signal) =>
      viewOutcome(
        await opened().applyTopology(desired(document), {
          signal,
          onProgress: (progress) => onProgress(viewProgress(progress)),
        }),
      ),
    volumes: async () =>
      opened()
        .volumes()
        .map((volume) => viewVolume(opened(), volume)),
    volume: async (key) => volumeNow(opened(), key),
    planVolume: async (query) => viewVolumePlan(opened(), query),
    capacity: (query) => known(async () => viewCapacity(opened(), query)),
    setState: async (query) => setState(opened(), query),
    growVolume: async (query, onProgress, signal) => growBy(opened(), query, onProgress, signal),
    nodes: localNodes(opened, () => role() !== 'offline'),
    recovery: localRecovery(opened),
  };
}

/** Milliseconds: an answer from memory alone is better than none. */
const glusterPatience = 5000;

async function volumeNow(engine: VolumeEngine, key: string): Promise<VolumeView> {
  const volume = findVolume(engine.volumes(), key);
  const view = viewVolume(engine, volume);
  const states = await engine.brickStates(volume.id, AbortSignal.timeout(glusterPatience));
  const online = states.kind === 'done' ? states.value : undefined;
  return { ...view, bricks: view.bricks.map((brick, index) => Object.assign({}, brick, { online: online?.[index] })) };
}

async function setState(engine: VolumeEngine, query: StateQuery): Promise<StateView> {
  const { node, device } = query;
  const outcome = await engine.setPlacementState({ node, ...(device === undefined ? {} : { device }) }, query.state);
  switch (outcome.kind) {
    case 'done':
      return viewState(engine, query, outcome.value);
    case 'rejected':
      throw new AdminError('not-found', outcome.reason);
    case 'waiting':
    case 'failed':
    case 'unknown':
      throw new AdminError('failed', `${outcome.reason} (${outcome.kind}); run it again`);
  }
}

async function known<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof UnknownPlaceError) {
      throw new AdminError('not-found', error.message, { cause: error });
    }
    throw error;
  }
}

function desired(document: unknown): ReturnType<typeof parseTopologyFile> {
  try {
    return parseTopologyFile(document);
  } catch (error) {
    if (error instanceof TopologyFileError) {
      throw new AdminError('invalid', error.message, { cause: error });
    }
    throw error;
  }
}
