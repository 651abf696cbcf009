import { settingsTable } from '../config/document.ts';
import { nodeFields } from './config.ts';

/** The table of settings of `brickyard node serve` in docs/configuration.md. A test holds the page to it. */
export const nodeTable = (): string => settingsTable(nodeFields, { file: false });
