/** What a node says about itself, also when gluster does not run there. */
import { done, type Outcome } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext, NodeFacts } from '../../engine/ports.ts';
import { poolList } from '../argv/gluster.ts';
import { listAddresses, readBootId } from '../argv/node.ts';
import { Errand, type Tools } from '../errand.ts';
import { readAddresses, readBootIdReport } from '../node-report.ts';
import type { Command } from '../runner.ts';
import { readPeers } from '../xml/peers.ts';
import { setbackOf } from './refusals.ts';

export async function inspectNode(tools: Tools, node: NodeRef, context: CallContext): Promise<Outcome<NodeFacts>> {
  const errand = new Errand(tools, node, context);
  const bootId = await report(errand, readBootId(), readBootIdReport);
  if (bootId.kind !== 'done') {
    return bootId;
  }
  const addresses = await report(errand, listAddresses(), readAddresses);
  if (addresses.kind !== 'done') {
    return addresses;
  }
  const glusterId = await glusterIdOf(errand);
  return glusterId.kind === 'done'
    ? done({
        bootId: bootId.value,
        addresses: addresses.value,
        ...(glusterId.value === undefined ? {} : { glusterId: glusterId.value }),
      })
    : glusterId;
}

async function report<T>(errand: Errand, command: Command, parse: (text: string) => T): Promise<Outcome<T>> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode !== 0) {
    return errand.failure(command, exited);
  }
  const read = errand.read(() => parse(exited.stdout));
  return read.kind === 'read' ? done(read.value) : read;
}

/**
 * The pool's list is answered by the node's own glusterd alone, which calls itself `localhost` in it. Its file
 * glusterd.info has the UUID too, but would not tell whether glusterd answers.
 */
async function glusterIdOf(errand: Errand): Promise<Outcome<string | undefined>> {
  const reply = await errand.ask(poolList(), readPeers);
  switch (reply.kind) {
    case 'success':
      return done(reply.value.find(({ hosts }) => hosts.includes('localhost'))?.uuid);
    case 'refused':
      return reply.refusal.problem === 'glusterd-down' || reply.refusal.problem === 'timed-out'
        ? done(undefined)
        : setbackOf(reply.refusal, errand.node);
    case 'unknown':
      // The node itself has just answered, twice: it is glusterd that does not.
      return errand.aborted ? reply : done(undefined);
    default:
      return reply;
  }
}
