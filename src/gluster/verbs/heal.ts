/** What the self-heal daemons have to do, and telling them to begin. */
import type { VolumeName } from '../../domain/names.ts';
import { done, type Outcome } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickHeal, CallContext } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import { readHealInfo, type BrickHealth } from '../xml/heal-info.ts';
import { notStarted } from './brick-processes.ts';
import { acknowledgementOf, outcomeOf } from './refusals.ts';

export async function healSummary(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<readonly BrickHeal[]>> {
  const outcome = outcomeOf(await new Errand(tools, via, context).ask(argv.healSummary(name), readHealInfo), via);
  return outcome.kind === 'done' ? done(outcome.value.map(brickHeal)) : outcome;
}

/** A brick that could not be asked has no counts: that is not 0. */
const brickHeal = ({ host, path, connected, entries, splitBrain }: BrickHealth): BrickHeal => ({
  host,
  path,
  connected,
  ...(entries === undefined ? {} : { pending: entries }),
  ...(splitBrain === undefined ? {} : { splitBrain }),
});

/**
 * Without `full` gluster refuses for about two seconds after a volume's first start, and for as long as a daemon has no
 * connection to one of the bricks; those that have begin all the same.
 */
export async function startHeal(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  options: { readonly full: boolean },
  context: CallContext,
): Promise<Outcome<void>> {
  const reply = await new Errand(tools, via, context).answer(argv.volumeHeal(name, options), readAcknowledgement);
  return reply.kind === 'refused' && reply.refusal.problem === 'not-started'
    ? notStarted(name)
    : acknowledgementOf(reply, via);
}
