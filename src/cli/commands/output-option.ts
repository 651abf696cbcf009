import { Option } from 'commander';

export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table');

/** The one setting that the commands for administrators share with the server. */
export const isPlaceOption = (flag: string): boolean =>
  ['--state-dir', '--admin-socket', '--store-path', '--nodes-url', '--nodes-token-file'].includes(flag);
