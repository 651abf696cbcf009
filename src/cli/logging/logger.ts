import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { errorFields } from './error-fields.ts';
import { redactionPaths } from './redaction.ts';

export interface LoggerOptions {
  readonly level: Config['log']['level'];
  readonly format: Config['log']['format'];
  /** File descriptor: 1 for a service, 2 for a command whose stdout is its result. */
  readonly output: 1 | 2;
  readonly isTerminal: boolean;
}

/** JSON to any destination, with secrets taken out. Separate from `createLogger` so that a test can read what comes out. */
export function loggerTo(destination: DestinationStream, level: LoggerOptions['level']): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactionPaths(), censor: '[redacted]' },
      serializers: { err: errorFields, error: errorFields, reason: errorOrPlain },
    },
    destination,
  );
}

function errorOrPlain(value: unknown): unknown {
  return value instanceof Error ? errorFields(value) : value;
}

/** The process's logger. Lines for people come from pino-pretty, loaded only when they are wanted. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  if (options.format === 'pretty' || (options.format === 'auto' && options.isTerminal)) {
    const { default: pretty } = await import('pino-pretty');
    return loggerTo(
      pretty({
        destination: options.output,
        sync: true,
        colorize: options.isTerminal,
        translateTime: 'SYS:HH:MM:ss.l',
      }),
      options.level,
    );
  }
  // Synchronous: the last line before the process ends is the one that matters most.
  return loggerTo(pino.destination({ dest: options.output, sync: true }), options.level);
}
