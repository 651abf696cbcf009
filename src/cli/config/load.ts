import { UsageError } from '../exit-codes.ts';
import { fromFile, readConfigFile } from './file-source.ts';
import { mergeSources } from './merge.ts';
import { completeConfig, configFields, configSchema, crossFieldProblems, type Config } from './schema.ts';
import { fromEnvironment, fromFlags } from './sources.ts';

export interface ConfigInputs {
  /** Values by flag name, such as `--workers`. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Name and content of the file, if there is one. */
  readonly file?: { readonly name: string; readonly content: string };
}

/**
 * Merges file, environment and flags (a later one wins) and checks the whole. Throws UsageError with every problem on a
 * line of its own: source, field, what was expected, what came.
 */
export function resolveConfig(inputs: ConfigInputs): Config {
  const { data, problems, sourceOf } = mergeSources(configSchema, configFields, [
    ...(inputs.file === undefined ? [] : [fromFile(inputs.file.name, inputs.file.content)]),
    fromEnvironment(configFields, inputs.environment),
    fromFlags(configFields, inputs.flags),
  ]);
  const across = data === undefined ? [] : crossFieldProblems(data);
  const all = [...problems, ...across.map(({ path, message }) => `${sourceOf(path)}: ${message}`)];
  if (data === undefined || all.length > 0) {
    throw new UsageError(all.join('\n'));
  }
  return completeConfig(data);
}

/**
 * `resolveConfig` with the file read from disk: the one that `fileName` or BRICKYARD_CONFIG names.
 * Throws UsageError when it cannot be read.
 */
export async function loadConfig(
  flags: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
  fileName: string | undefined,
): Promise<Config> {
  const name = fileName ?? environment['BRICKYARD_CONFIG'];
  if (name === undefined || name === '') {
    return resolveConfig({ flags, environment });
  }
  const source = fileName === undefined ? 'env BRICKYARD_CONFIG' : 'flag --config';
  return resolveConfig({ flags, environment, file: { name, content: await readConfigFile(name, source) } });
}
