import type { LintReport } from '../lint/lint.ts';
import type { LintProblem } from '../lint/problem.ts';
import type { Place } from '../lint/source.ts';

/** `file:line:column`, as editors and terminals open it. */
export const placeText = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;

/** Two lines a problem: what it is, and what to do. Then what was looked at. */
export function lintText(report: LintReport): string {
  return [...report.problems.map(problemText), summary(report)].join('\n');
}

function problemText(problem: LintProblem): string {
  const { object, field, message, fix } = problem;
  const what = field === '' ? object : `${object}, ${field}`;
  return `${placeText(problem)}: ${what}: ${message}\n  -> ${fix}`;
}

function summary({ problems, checked, passedOver, claimsWithoutClass }: LintReport): string {
  const found = problems.length === 0 ? 'no problems' : `${problems.length} problem(s)`;
  const lines = [`Checked ${listed(checked)}: ${found}.`];
  if (claimsWithoutClass > 0) {
    lines.push(
      `The class of ${claimsWithoutClass} claim(s) is not in the input: only what no provisioner could serve was looked for.`,
    );
  }
  if (Object.keys(passedOver).length > 0) {
    lines.push(`Passed over ${listed(passedOver)}.`);
  }
  return lines.join('\n');
}

function listed(counts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  return texts.length === 0 ? 'nothing' : texts.join(', ');
}
