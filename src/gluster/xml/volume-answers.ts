/** What `volume create`, `start`, `stop` and `delete` answer: which volume it was. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';

export interface VolumeIdentity {
  readonly name: string;
  readonly uuid: string;
}

const named = z.object({ volume: z.object({ name: z.string(), id: z.string() }) });

function reader(element: 'volCreate' | 'volStart' | 'volStop' | 'volDelete'): BodyReader<VolumeIdentity> {
  const answer = z.object({ [element]: named }).transform((body) => body[element]);
  return (body) => {
    const { volume } = named.parse(answer.parse(body));
    return { name: volume.name, uuid: volume.id };
  };
}

export const readVolumeCreated = reader('volCreate');
export const readVolumeStarted = reader('volStart');
export const readVolumeStopped = reader('volStop');
export const readVolumeDeleted = reader('volDelete');
