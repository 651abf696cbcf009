import type { VolumeEngine } from '../../../engine/api.ts';
import type { StorageNodes } from '../../../engine/ports.ts';

/** The way to the storage nodes that the configuration asks for. */
export interface StorageAccess {
  readonly nodes: StorageNodes;
  /** To be called when the engine is open, before any other work. */
  opened(engine: VolumeEngine, signal: AbortSignal): Promise<void>;
  close(): void;
}
