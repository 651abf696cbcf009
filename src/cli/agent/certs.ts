/** What `brickyard certs` does. */
import { CertificateFolder, controllerHolder, nodeHolder, type Holder } from '../../agent/certificates/folder.ts';
import { secretYaml } from '../../agent/certificates/secret.ts';
import { CredentialsError } from '../../agent/credentials.ts';
import type { NodeId } from '../../domain/names.ts';
import { CommandError, UsageError } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { json, table } from '../output/table.ts';
import { systemClock } from '../system-clock.ts';

export interface CertsFlags {
  readonly dir: string;
  readonly node?: readonly NodeId[];
  readonly days: number;
  readonly caDays: number;
  readonly within: number;
  readonly namespace: string;
  readonly agentNamespace: string;
  readonly output: 'table' | 'json';
}

export async function createCertificates({ dir, node: nodes = [], days, caDays }: CertsFlags, io: Io): Promise<void> {
  await explained(async () => {
    const folder = new CertificateFolder(dir, systemClock);
    const wanted = [...new Set(nodes)].map((node) => nodeHolder(node));
    const hasController = await folder.has(controllerHolder);
    const taken = await Promise.all(wanted.map((holder) => folder.has(holder)));
    const overwritten = wanted.filter((_holder, index) => taken[index]);
    if (overwritten.length > 0) {
      const paths = overwritten.map(({ path }) => `${dir}/${path}`).join(', ');
      throw new CommandError(
        `${paths}: expected no certificate there, got one; "brickyard certs renew" makes new ones`,
      );
    }
    if (wanted.length === 0 && hasController) {
      throw new CommandError(`${dir}: everything is there already; --node makes a certificate for a node`);
    }
    const { authority, made } = await folder.ensureAuthority(caDays);
    const holders = [...(hasController ? [] : [controllerHolder]), ...wanted];
    for (const holder of holders) {
      await folder.create(holder, authority, days);
    }
    io.out([...(made ? ['authority'] : []), ...holders.map(({ identity }) => identity)].map(madeLine(dir)).join('\n'));
  });
}

const madeLine = (dir: string) => (name: string) => `made in ${dir}: ${name}`;

export async function renewCertificates({ dir, days, within }: CertsFlags, io: Io): Promise<void> {
  await explained(async () => {
    const folder = new CertificateFolder(dir, systemClock);
    const authority = await folder.authority();
    const holders = await folder.holders();
    const due: Holder[] = [];
    for (const holder of holders) {
      if ((await folder.daysLeft(holder)) < within) {
        due.push(holder);
      }
    }
    for (const holder of due) {
      await folder.renew(holder, authority, days);
      io.out(`renewed in ${dir}: ${holder.identity}`);
    }
    if (due.length === 0) {
      io.out(`nothing to renew: all ${holders.length} certificates have ${within} days left or more`);
    }
    const [ca] = await folder.list();
    if (ca !== undefined && ca.daysLeft < within) {
      io.err(`brickyard: the authority itself has ${ca.daysLeft} days left; see docs/agent.md on how to change it`);
    }
  });
}

export async function showCertificates({ dir, output }: CertsFlags, io: Io): Promise<void> {
  await explained(async () => {
    const standing = await new CertificateFolder(dir, systemClock).list();
    io.out(
      output === 'json'
        ? json(standing.map(({ path, identity, validTo, daysLeft }) => ({ path, identity, validTo, daysLeft })))
        : table(
            ['path', 'identity', 'valid to', 'days left'],
            standing.map(({ path, identity, validTo, daysLeft }) => [
              path,
              identity,
              validTo.toISOString().slice(0, 10),
              String(daysLeft),
            ]),
          ),
    );
  });
}

const namespaceGrammar = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export async function printSecrets({ dir, namespace, agentNamespace }: CertsFlags, io: Io): Promise<void> {
  for (const [flag, name] of [
    ['--namespace', namespace],
    ['--agent-namespace', agentNamespace],
  ] as const) {
    if (!namespaceGrammar.test(name)) {
      throw new UsageError(`flag ${flag}: expected a namespace name, got ${JSON.stringify(name)}`);
    }
  }
  await explained(async () => {
    const folder = new CertificateFolder(dir, systemClock);
    const holders = await folder.holders();
    if (holders.length === 0) {
      throw new CommandError(`${dir}: expected certificates, got none; "brickyard certs create" makes them`);
    }
    const secrets: string[] = [];
    for (const holder of holders) {
      const place = holder.node === undefined ? namespace : agentNamespace;
      secrets.push(secretYaml(holder, await folder.credentials(holder), place));
    }
    io.out(secrets.join('---\n').trimEnd());
  });
}

/** What is wrong with a file is told in one line. */
async function explained(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CredentialsError || error instanceof RangeError) {
      throw new CommandError(error.message, { cause: error });
    }
    throw error;
  }
}
