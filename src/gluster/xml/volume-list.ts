/** `gluster volume list`. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';

const answer = z.object({ volList: z.object({ volume: z.array(z.string()).default([]) }) });

export const readVolumeList: BodyReader<readonly string[]> = (body) => answer.parse(body).volList.volume;
