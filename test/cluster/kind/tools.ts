/** What a run on kind needs of the machine. None of it comes by npm. */
import type { Programs } from './programs.ts';

export type Engine = 'docker' | 'podman';

export type Tools =
  | { readonly kind: 'there'; readonly engine: Engine }
  /** A line each. */
  | { readonly kind: 'missing'; readonly missing: readonly string[] };

const engines: readonly Engine[] = ['docker', 'podman'];

const programs: readonly (readonly [argv: readonly string[], from: string])[] = [
  [
    ['kind', 'version'],
    'kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation (npm has another program of that name)',
  ],
  [['kubectl', 'version', '--client'], 'kubectl: https://kubernetes.io/docs/tasks/tools/'],
];

/** Looks for all of it, so that what is missing can be said at once. */
export async function findTools({ ask }: Pick<Programs, 'ask'>): Promise<Tools> {
  const missing: string[] = [];
  for (const [argv, from] of programs) {
    const answer = await ask(argv);
    if (answer.kind === 'absent') {
      missing.push(from);
    } else if (!answer.ok) {
      missing.push(`${argv[0]} that works; "${argv.join(' ')}" says: ${lastLine(answer.said)}`);
    }
  }
  const silent: string[] = [];
  let engine: Engine | undefined;
  for (const each of engines) {
    const answer = engine === undefined ? await ask([each, 'info']) : { kind: 'absent' as const };
    if (answer.kind === 'exited' && answer.ok) {
      engine = each;
    } else if (answer.kind === 'exited') {
      silent.push(`"${each} info" says: ${lastLine(answer.said)}`);
    }
  }
  if (engine !== undefined && missing.length === 0) {
    return { kind: 'there', engine };
  }
  const why = silent.length === 0 ? 'neither is installed' : silent.join('; ');
  return {
    kind: 'missing',
    missing: engine === undefined ? [...missing, `Docker or Podman, running: ${why}`] : missing,
  };
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() || 'nothing';
