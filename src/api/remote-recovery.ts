import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { AxiosInstance } from 'axios';
import type { z } from 'zod';
import { AdminError } from './admin-error.ts';
import { recoveryLine } from './recovery-routes.ts';
import { forgottenView, glusterVolumesView, rebuildView, surveyView, type Recovery, type Watch } from './recovery.ts';
import { volumeView } from './views.ts';

/** Asks a server. `translate` makes an error of this room from whatever the client throws. */
export function remoteRecovery(http: AxiosInstance, translate: (error: unknown) => Promise<Error>): Recovery {
  /** Not retried by itself: a person watches. */
  const ask = async <S extends z.ZodType>(
    schema: S,
    what: string,
    body: unknown,
    watch: Watch,
  ): Promise<z.output<S>> => {
    try {
      const options = { responseType: 'stream', signal: watch.signal } as const;
      const { data } = await http.post<Readable>(`/v1/recovery/${what}`, body, options);
      for await (const text of createInterface({ input: data })) {
        const line = recoveryLine.parse(JSON.parse(text));
        switch (line.type) {
          case 'progress':
            watch.onProgress(line.progress);
            break;
          case 'result':
            return schema.parse(line.result);
          case 'failure':
            throw new AdminError(line.failure.code, line.failure.message);
        }
      }
    } catch (error) {
      throw await translate(error);
    }
    throw new AdminError('failed', 'the server went away before it said how it ended; run the same command again');
  };
  return {
    survey: (watch) => ask(surveyView, 'survey', {}, watch),
    glusterVolumes: (watch) => ask(glusterVolumesView, 'gluster-volumes', {}, watch),
    rebuild: (query, watch) => ask(rebuildView, 'rebuild', query, watch),
    adopt: (query, watch) => ask(volumeView, 'adopt', query, watch),
    forget: (query, watch) => ask(forgottenView, 'forget', query, watch),
  };
}
