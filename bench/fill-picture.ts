/** Draws how the use of every device grows while its pool fills. */
export interface Sample {
  /** Use of the whole pool, 0 to 1. */
  readonly level: number;
  readonly devices: readonly { readonly use: number; readonly size: number; readonly zone: string }[];
}

const width = 720;
const height = 480;
const margin = { left: 52, right: 120, top: 40, bottom: 44 };
const plot = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
const colours = ['#1b6ca8', '#c8553d', '#3a7d44', '#8e5ea2', '#b8860b', '#4b5563'];

const x = (share: number): string => (margin.left + share * plot.width).toFixed(1);
const y = (share: number): string => (margin.top + (1 - share) * plot.height).toFixed(1);

/** One line a device, coloured by zone; a device that kept step with the pool lies on the diagonal. */
export function fillPicture(title: string, samples: readonly Sample[]): string {
  const devices = samples.at(-1)?.devices ?? [];
  const zones = [...new Set(devices.map(({ zone }) => zone))].sort();
  const colourOf = (zone: string): string => colours[zones.indexOf(zone) % colours.length] ?? '#000000';
  const lines = devices.map(({ zone }, device) => {
    const points = samples.map(({ level, devices: uses }) => `${x(level)},${y(uses[device]?.use ?? 0)}`);
    return `<polyline points="${points.join(' ')}" stroke="${colourOf(zone)}"/>`;
  });
  const legend = zones.map(
    (zone, place) =>
      `<text x="${width - margin.right + 14}" y="${margin.top + 14 + place * 18}" fill="${colourOf(zone)}">zone ${zone}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin.left}" y="22" font-size="14">${title}</text>`,
    ...axes(),
    `<g fill="none" stroke-width="0.7" stroke-opacity="0.5">`,
    ...lines,
    '</g>',
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function axes(): string[] {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return [
    ...ticks.flatMap((tick) => [
      `<line x1="${x(tick)}" y1="${y(0)}" x2="${x(tick)}" y2="${y(1)}" stroke="#e5e7eb"/>`,
      `<line x1="${x(0)}" y1="${y(tick)}" x2="${x(1)}" y2="${y(tick)}" stroke="#e5e7eb"/>`,
      `<text x="${x(tick)}" y="${height - margin.bottom + 18}" text-anchor="middle">${tick * 100} %</text>`,
      `<text x="${margin.left - 8}" y="${Number(y(tick)) + 4}" text-anchor="end">${tick * 100} %</text>`,
    ]),
    `<text x="${x(0.5)}" y="${height - 8}" text-anchor="middle">use of the pool</text>`,
    `<text transform="translate(14 ${y(0.5)}) rotate(-90)" text-anchor="middle">use of each device</text>`,
  ];
}
