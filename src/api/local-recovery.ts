import { clusterId, NameError, volumeId, type ClusterId, type VolumeId } from '../domain/names.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { VolumeEngine } from '../engine/api.ts';
import { AdminError } from './admin-error.ts';
import { findVolume, idInKey } from './find-volume.ts';
import { viewForgotten, viewGlusterVolumes, viewRebuild, viewSurvey, type Recovery } from './recovery.ts';
import { viewVolume } from './views.ts';

/** Answers from the engine that `opened` gives, which may throw AdminError when there is none. */
export function localRecovery(opened: () => VolumeEngine): Recovery {
  return {
    survey: async (watch) => viewSurvey(answer(await opened().doctor.survey(watch))),
    glusterVolumes: async ({ signal }) => viewGlusterVolumes(answer(await opened().doctor.glusterVolumes({ signal }))),
    rebuild: async ({ dryRun }, watch) => {
      const engine = opened();
      return viewRebuild(engine, dryRun, answer(await engine.doctor.rebuild({ ...watch, dryRun })));
    },
    adopt: async ({ name, cluster, dryRun }, { signal }) => {
      const engine = opened();
      const where = cluster === undefined ? {} : { cluster: clusterOf(cluster) };
      return viewVolume(engine, answer(await engine.doctor.adopt(name, { signal, dryRun, ...where })));
    },
    forget: async ({ key, dryRun, leaveIt }, { signal }) => {
      const engine = opened();
      const id = idOf(engine, key);
      return viewForgotten(answer(await engine.doctor.forget(id, { signal, dryRun, leaveIt })));
    },
  };
}

function answer<T>(outcome: Outcome<T>): T {
  switch (outcome.kind) {
    case 'done':
      return outcome.value;
    case 'rejected':
      throw new AdminError('invalid', outcome.reason);
    case 'waiting':
    case 'failed':
    case 'unknown':
      throw new AdminError('failed', `${outcome.reason} (${outcome.kind}); run it again`);
  }
}

function clusterOf(text: string): ClusterId {
  try {
    return clusterId(text);
  } catch (error) {
    if (error instanceof NameError) {
      throw new AdminError('invalid', error.message, { cause: error });
    }
    throw error;
  }
}

/** A record that cannot be read has no name but its id, which ends the names of its volume and PersistentVolume. */
function idOf(engine: VolumeEngine, key: string): VolumeId {
  const broken = engine
    .quarantined()
    .find(({ kind, id }) => kind === 'volume' && (idInKey(key) === id || key.endsWith(`_${id}`)));
  return broken === undefined ? findVolume(engine.volumes(), key).id : legible(broken.id);
}

function legible(id: string): VolumeId {
  try {
    return volumeId(id);
  } catch (error) {
    throw new AdminError('invalid', `the document is called ${JSON.stringify(id)}, which is no volume's id`, {
      cause: error,
    });
  }
}
