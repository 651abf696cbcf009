/** What an administrator asks when records, gluster and nodes may not agree, and what the answers look like. */
import { z } from 'zod';
import { diagnose } from '../engine/doctor/describe.ts';
import type { ClusterVolumes, Finding, Forgotten, Rebuild, Survey } from '../engine/doctor/api.ts';
import type { VolumeEngine } from '../engine/api.ts';
import { viewVolume, volumeView, type VolumeView } from './views.ts';

const findingView = z.object({
  /** error: data is out of reach or about to be · warning: to be put right · note: nothing is wrong. */
  severity: z.enum(['error', 'warning', 'note']),
  /** What findings are grouped by. */
  subject: z.object({ kind: z.enum(['volume', 'node', 'cluster', 'records']), name: z.string() }),
  meaning: z.string(),
  remedy: z.string(),
  /** The finding's own fields: docs/recovery.md lists the kinds. */
  finding: z.looseObject({ kind: z.string() }),
});
export type FindingView = z.infer<typeof findingView>;

export const surveyView = z.object({
  findings: z.array(findingView),
  looked: z.object({ volumes: z.number(), devices: z.number(), records: z.number() }),
});
export type SurveyView = z.infer<typeof surveyView>;

export const rebuildView = z.object({
  dryRun: z.boolean(),
  /** Whose records were written; with `dryRun`, would be. */
  volumes: z.array(volumeView),
  leftAlone: z.array(z.object({ cluster: z.string(), name: z.string(), reason: z.string() })),
  /** Bricks of no volume, and what could not be looked at. */
  findings: z.array(findingView),
  /** Records that stood before. */
  stood: z.number(),
});
export type RebuildView = z.infer<typeof rebuildView>;

export const forgottenView = z.object({
  id: z.string(),
  name: z.string().optional(),
  record: z.enum(['legible', 'quarantined']),
  gluster: z.enum(['absent', 'ours', 'other', 'unknown']),
  bricks: z.array(
    z.object({
      node: z.string(),
      device: z.string(),
      brick: z.string(),
      state: z.enum(['stands', 'gone', 'unknown']),
    }),
  ),
});
export type ForgottenView = z.infer<typeof forgottenView>;

/** What gluster has, whoever made it. `unseen`: the cluster did not answer. */
export const glusterVolumesView = z.object({
  clusters: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('seen'), cluster: z.string(), volumes: z.array(z.string()) }),
      z.object({ kind: z.literal('unseen'), cluster: z.string(), reason: z.string() }),
    ]),
  ),
});
export type GlusterVolumesView = z.infer<typeof glusterVolumesView>;

export const lookProgress = z.object({ looked: z.number(), total: z.number() });
type LookProgress = z.infer<typeof lookProgress>;

export const rebuildQuery = z.object({ dryRun: z.boolean() });
export const adoptQuery = z.object({ name: z.string(), cluster: z.string().optional(), dryRun: z.boolean() });
export const forgetQuery = z.object({
  /** As of `Admin.volume`; of a record that cannot be read, its id. */
  key: z.string(),
  dryRun: z.boolean(),
  /** Also when gluster still has the volume, or does not say. */
  leaveIt: z.boolean(),
});

/** The way that one of these works: it may take minutes, and says how far it is. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LookProgress) => void;
}

/** Every call throws AdminError. None changes anything in gluster or on a node. */
export interface Recovery {
  survey(watch: Watch): Promise<SurveyView>;
  glusterVolumes(watch: Watch): Promise<GlusterVolumesView>;
  rebuild(query: z.infer<typeof rebuildQuery>, watch: Watch): Promise<RebuildView>;
  adopt(query: z.infer<typeof adoptQuery>, watch: Watch): Promise<VolumeView>;
  forget(query: z.infer<typeof forgetQuery>, watch: Watch): Promise<ForgottenView>;
}

const viewFinding = (finding: Finding): FindingView => ({ ...diagnose(finding), finding: { ...finding } });

export const viewGlusterVolumes = (clusters: readonly ClusterVolumes[]): GlusterVolumesView => ({
  clusters: clusters.map((each) => (each.kind === 'seen' ? { ...each, volumes: [...each.volumes] } : each)),
});

export const viewSurvey = ({ findings, looked }: Survey): SurveyView => ({
  findings: findings.map(viewFinding),
  looked,
});

export function viewRebuild(engine: VolumeEngine, dryRun: boolean, rebuild: Rebuild): RebuildView {
  const { records, leftAlone, leftovers, blind, stood } = rebuild;
  return {
    dryRun,
    volumes: records.map((record) => viewVolume(engine, record)),
    leftAlone: [...leftAlone],
    findings: [...leftovers, ...blind].map(viewFinding),
    stood,
  };
}

export const viewForgotten = (forgotten: Forgotten): ForgottenView => ({
  ...forgotten,
  bricks: [...forgotten.bricks],
});
