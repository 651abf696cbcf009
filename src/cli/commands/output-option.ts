import { Option } from 'commander';

export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table');

const placeFlags: ReadonlySet<string> = new Set([
  '--state-dir',
  '--admin-socket',
  '--store-path',
  '--nodes-kind',
  '--nodes-url',
  '--nodes-token-file',
  '--kubeconfig',
  '--context',
]);

/** Settings that say where the server or its state is: all that a command for administrators needs of them. */
export const isPlaceOption = (flag: string): boolean => placeFlags.has(flag);
