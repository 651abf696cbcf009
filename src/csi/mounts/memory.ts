/**
 * How the clients on this node were started, for a plugin that begins when one of them is gone already, as after the node ran out of
 * memory: from the kernel's tables the words of a dead client cannot be had any more. It is no record: what is mounted is always
 * looked up, and these words are used for a mount that stands there, dead, and for nothing else.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf } from '../../domain/error-message.ts';
import type { Log } from '../../domain/log.ts';
import { isMissingFile } from '../missing-file.ts';
import { isClient } from './clients.ts';

/** By the directory that a client mounted, its program and arguments. */
export type ClientWords = ReadonlyMap<string, readonly string[]>;

export interface Memory {
  /** Empty when nothing is remembered, or nothing that can be read. */
  recall(): Promise<ClientWords>;
  /** Replaces what was remembered. */
  remember(words: ClientWords): Promise<void>;
}

const page = z
  .record(z.string(), z.array(z.string()))
  .refine((words) => Object.entries(words).every(([directory, argv]) => isClient(argv, directory)), {
    error: 'expected the words of a gluster client for every directory',
  });

/** In a file, which only root can write. Its loss costs a repair and nothing more: what fails is said in the log. */
export function fileMemory(file: string, log: Log): Memory {
  return {
    recall: async () => {
      try {
        return new Map(Object.entries(page.parse(JSON.parse(await readFile(file, 'utf8')))));
      } catch (error) {
        if (!isMissingFile(error)) {
          log.warn({ file, reason: messageOf(error) }, 'how gluster clients were started could not be read');
        }
        return new Map();
      }
    },
    remember: async (words) => {
      try {
        await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(words)), { mode: 0o600 });
        await rename(`${file}.new`, file);
      } catch (error) {
        log.warn({ file, reason: messageOf(error) }, 'how gluster clients were started could not be kept');
      }
    },
  };
}
