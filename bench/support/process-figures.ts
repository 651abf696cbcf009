/** What the kernel says of another process: /proc, so Linux only. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Resident set in MiB: now, at its highest so far, and how much of now is mapped from files (programs, mostly). */
export async function residentMiB(
  pid: number,
): Promise<{ readonly now: number; readonly peak: number; readonly ofFiles: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM'), ofFiles: field('RssFile') };
}

/** Seconds of user and system time so far. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
