/**
 * Brick sets that leave a volume, their files first: `start`, `status` until all is moved, `commit`. How far it is stands
 * with gluster alone, so every call looks and takes the next step. A commit before the end, or after an end with failures,
 * would lose files, and `force` would not even try to move them.
 */
import { done, failed, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext, VolumeSpec } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Reply, type Tools } from '../errand.ts';
import { readRemoveBrick, type Migration } from '../xml/migration.ts';
import { holds } from './add-bricks.ts';
import { setbackOf } from './refusals.ts';
import { built, look } from './volumes.ts';

export async function removeBricks(
  tools: Tools,
  via: NodeRef,
  spec: VolumeSpec,
  context: CallContext,
): Promise<Outcome<void>> {
  const errand = new Errand(tools, via, context);
  const seen = await look(errand, spec.name);
  if (seen.kind !== 'done') {
    return seen;
  }
  const there = spec.bricks.filter((brick) => holds(seen.value, brick));
  if (there.length === 0) {
    return done();
  }
  if (there.length < spec.bricks.length) {
    return failed(
      `volume ${spec.name} has only ${there.length} of the ${spec.bricks.length} bricks that are to leave it`,
    );
  }
  const status = await take(errand, spec, 'status');
  switch (status.kind) {
    case 'success':
      return goOn(errand, spec, status.value);
    case 'refused':
      return status.refusal.problem === 'migration-not-started' ? begin(errand, spec) : setbackOf(status.refusal, via);
    default:
      return status;
  }
}

async function take(errand: Errand, spec: VolumeSpec, step: 'start' | 'status' | 'commit'): Promise<Reply<Migration>> {
  const command = built(() => argv.volumeRemoveBricks(spec, step));
  return command.kind === 'done' ? errand.ask(command.value, readRemoveBrick) : command;
}

async function begin(errand: Errand, spec: VolumeSpec): Promise<Outcome<void>> {
  const started = await take(errand, spec, 'start');
  return started.kind === 'success' ? moving(spec) : setbackFrom(started, errand.node);
}

const moving = ({ name }: VolumeSpec): Setback =>
  waiting(
    { what: 'condition', name: `removal from ${name}` },
    `the files of bricks that leave ${name} are being moved`,
  );

async function goOn(errand: Errand, spec: VolumeSpec, { total }: Migration): Promise<Outcome<void>> {
  switch (total?.status) {
    case 'in progress':
      return moving(spec);
    case 'completed': {
      if (total.failures > 0 || total.skipped > 0) {
        const left = `${total.failures} failed and ${total.skipped} skipped`;
        return failed(`of the files on bricks that are to leave ${spec.name} ${left}: the bricks stay in the volume`);
      }
      const committed = await take(errand, spec, 'commit');
      return committed.kind === 'success' ? done() : setbackFrom(committed, errand.node);
    }
    default:
      // Stopped, failed or never begun: from the start. What was moved stays moved.
      return begin(errand, spec);
  }
}

function setbackFrom(reply: Exclude<Reply<Migration>, { kind: 'success' }>, via: NodeRef): Setback {
  return reply.kind === 'refused' ? setbackOf(reply.refusal, via) : reply;
}
