import { Gauge, type Registry } from 'prom-client';

interface Reading<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

/** A gauge whose series are read when somebody scrapes. What is not read any more has no series any more. */
export function scrapedGauge<Label extends string>(
  registry: Registry,
  about: { readonly name: string; readonly help: string; readonly labels: readonly Label[] },
  read: () => Iterable<Reading<Label>> | Promise<Iterable<Reading<Label>>>,
): void {
  registry.registerMetric(
    new Gauge({
      name: about.name,
      help: about.help,
      labelNames: [...about.labels],
      registers: [],
      async collect() {
        const readings = await read();
        this.reset();
        for (const { labels, value } of readings) {
          this.set(labels, value);
        }
      },
    }),
  );
}
