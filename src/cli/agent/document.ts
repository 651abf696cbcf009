import { settingsTable } from '../config/document.ts';
import { agentFields } from './config.ts';

/** The table of settings in docs/agent.md. A test holds the page to it. */
export const agentTable = (): string => settingsTable(agentFields, { file: true });
