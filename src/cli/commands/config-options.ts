import { Option, type Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { configFields, type Config } from '../config/schema.ts';
import type { Io } from '../io.ts';

const describe = (field: (typeof configFields)[number]): string =>
  field.fallback === undefined ? field.description : `${field.description} Default: ${field.fallback}.`;

const configFile = '--config';

/** Adds `--config FILE` and a flag for each field that `wanted` lets through (all of them by default). */
export function addConfigOptions(command: Command, wanted: (flag: string) => boolean = () => true): void {
  command.addOption(new Option(`${configFile} <file>`, 'YAML file with settings. Default: BRICKYARD_CONFIG, if set.'));
  for (const field of configFields.filter(({ flag }) => wanted(flag))) {
    command.addOption(new Option(`${field.flag} <value>`, describe(field)));
  }
}

/** The configuration that the command line, the environment and the file make together. Throws UsageError. */
export function configOf(command: Command, io: Io): Promise<Config> {
  const given = new Map<string, string>();
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (option.long !== undefined && option.long !== null && typeof value === 'string') {
      given.set(option.long, value);
    }
  }
  return loadConfig(given, io.environment, given.get(configFile));
}
