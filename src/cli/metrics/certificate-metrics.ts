import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Registry } from 'prom-client';
import { credentialFiles } from '../../agent/credentials.ts';
import { scrapedGauge } from './scraped-gauge.ts';

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * When the certificates in `folder` run out, read again at each scrape because they are rotated. A file that cannot be read
 * has no series. Absent folder: agents are not used.
 */
export function certificateMetrics(registry: Registry, folder: string | undefined): void {
  const files =
    folder === undefined
      ? []
      : [credentialFiles.certificate, credentialFiles.authority].map((name) => join(folder, name));
  scrapedGauge(
    registry,
    {
      name: 'brickyard_certificate_expiry_timestamp_seconds',
      help: 'When a certificate for talking to the agents runs out, by file; of several in one file, the first that does.',
      labels: ['file'],
    },
    async () => {
      const ends = await Promise.all(files.map(async (file) => ({ file, end: await firstEnd(file) })));
      return ends.flatMap(({ file, end }) =>
        end === undefined ? [] : [{ labels: { file: basename(file) }, value: end / 1000 }],
      );
    },
  );
}

/** UTC milliseconds. */
async function firstEnd(file: string): Promise<number | undefined> {
  try {
    const ends = [...(await readFile(file, 'utf8')).matchAll(pem)].map(([text]) =>
      new X509Certificate(text).validToDate.getTime(),
    );
    return ends.length === 0 ? undefined : Math.min(...ends);
  } catch {
    // Whoever needs the file says what is wrong with it.
    return undefined;
  }
}
