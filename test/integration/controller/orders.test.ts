/** Users do things in any order and at any moment. Whatever it was, these things must be true in the end. */
import { array, constantFrom, nat, sample, tuple } from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
const deeds = ['keep', 'give up', 'delete volume', 'delete claim', 'make claim anew', 'replace class', 'look'] as const;
type Deed = (typeof deeds)[number];

/** What was done to the PersistentVolume of one claim. */
interface Story {
  readonly claim: string;
  readonly uid: string;
  readonly name: string;
  readonly gluster: string;
  policy: string;
  /** Policies that it had when or after its claim went. */
  readonly policiesInTheEnd: Set<string>;
  readonly policies: Set<string>;
}

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(async () => {
  await house.close();
});

async function begun(claim: string): Promise<Story> {
  const pv = await house.bound(claim);
  const policy = pv.spec.persistentVolumeReclaimPolicy ?? '';
  return {
    claim,
    uid: pv.spec.claimRef?.uid ?? '',
    name: pv.metadata.name,
    gluster: pv.spec.glusterfs?.path ?? '',
    policy,
    policiesInTheEnd: new Set<string>(),
    policies: new Set([policy]),
  };
}

const hasClaim = ({ claim, uid }: Story): boolean => house.claim(claim)?.metadata.uid === uid;

/** What must not be, at any moment. */
function wrongNow(story: Story): string[] {
  const hasData = house.glusterVolumes().includes(story.gluster);
  const lost = !hasData && story.policies.size === 1 && story.policy === 'Retain';
  return [
    ...(hasClaim(story) && !hasData ? [`${story.name}: the data is gone, and the claim stands`] : []),
    ...(lost ? [`${story.name}: the data is gone, and the policy was always Retain`] : []),
  ];
}

/** What must not be once everything has come to rest. */
function wrongInTheEnd(story: Story): string[] {
  if (hasClaim(story)) {
    return wrongNow(story);
  }
  const pv = house.volume(story.name);
  const hasData = house.glusterVolumes().includes(story.gluster);
  const always = story.policies.size === 1 ? story.policy : undefined;
  const rules: readonly (readonly [boolean, string])[] = [
    [pv !== undefined && !hasData, 'an object without data'],
    [pv !== undefined && pv.spec.persistentVolumeReclaimPolicy !== 'Retain', 'an object with policy Delete'],
    [pv?.metadata.finalizers.includes(finalizer) === true, 'a finalizer on what is kept'],
    [pv?.metadata.deletionTimestamp !== undefined, 'an object that cannot go'],
    [!hasData && !story.policiesInTheEnd.has('Delete'), 'no data, though it was never to be deleted after its claim'],
    [hasData && always === 'Delete', 'data that was always to be deleted'],
  ];
  return rules.filter(([broken]) => broken).map(([, what]) => `${story.name}: ${what}`);
}

function setPolicy(story: Story, policy: string): void {
  if (house.volume(story.name) !== undefined) {
    house.patchVolume(story.name, { spec: { persistentVolumeReclaimPolicy: policy } });
    story.policy = policy;
    story.policies.add(policy);
    if (!hasClaim(story)) {
      story.policiesInTheEnd.add(policy);
    }
  }
}

function deleteClaim(story: Story): void {
  if (hasClaim(story)) {
    house.deleteClaim(story.claim);
    story.policiesInTheEnd.add(story.policy);
  }
}

/** Does it. A new story when a claim was made anew. */
async function does(deed: Deed, story: Story, round: number): Promise<Story | undefined> {
  switch (deed) {
    case 'keep':
    case 'give up':
      setPolicy(story, deed === 'keep' ? 'Retain' : 'Delete');
      return undefined;
    case 'delete volume':
      if (house.volume(story.name) !== undefined) {
        house.deleteVolume(story.name);
      }
      return undefined;
    case 'delete claim':
      deleteClaim(story);
      return undefined;
    case 'make claim anew':
      deleteClaim(story);
      await waitFor('the old claim is gone', () => !hasClaim(story));
      return house.claim(story.claim) === undefined ? begun(story.claim) : undefined;
    case 'replace class':
      house.deleteClass();
      house.createClass({ reclaimPolicy: round % 2 === 0 ? 'Retain' : 'Delete' });
      return undefined;
    case 'look':
      await house.sandboxAnswers();
      return undefined;
  }
}

it('whatever is deleted, changed and made anew in whatever order, data goes exactly when nobody is to have it', async () => {
  const claims = Array.from({ length: 8 }, (_none, index) => `claim-${index}`);
  const stories = await Promise.all(claims.map(begun));
  const plan = array(tuple(constantFrom(...deeds), nat()), { minLength: 60, maxLength: 60 });
  const [deedsDone] = sample(plan, 1);
  for (const [round, [deed, pick]] of (deedsDone ?? []).entries()) {
    const story = stories[pick % stories.length];
    const next = story === undefined ? undefined : await does(deed, story, round);
    stories.push(...(next === undefined ? [] : [next]));
    expect(stories.flatMap(wrongNow), JSON.stringify(deedsDone?.slice(0, round + 1))).toEqual([]);
  }
  const wrong = (): string[] => stories.flatMap(wrongInTheEnd);
  await waitFor('all has come to rest', () => wrong().length === 0).catch(() => undefined);
  expect(wrong(), JSON.stringify(deedsDone)).toEqual([]);
  // And it stays so: two sweeps later the same is true.
  const later = house.createClaim('later');
  await waitFor('another claim is served', () => house.claim('later')?.status.phase === 'Bound');
  expect([...stories.flatMap(wrongInTheEnd), later.metadata.name]).toEqual(['later']);
});
