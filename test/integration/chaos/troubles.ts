/** What goes wrong, for how long, and that it ends. */
import { nodeCount, type World } from './world.ts';

interface Trouble {
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly until: number;
  readonly end: () => void;
}

const minute = 60_000;

export class Troubles {
  readonly #world: World;
  #standing: Trouble[] = [];
  /** How often each kind has begun. */
  readonly counts = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Ends what is over. */
  endThoseDue(): void {
    const now = this.#world.clock.monotonic();
    const over = this.#standing.filter(({ until }) => until <= now);
    this.#standing = this.#standing.filter(({ until }) => until > now);
    over.forEach(({ end }) => end());
  }

  endAll(): void {
    this.#standing.splice(0).forEach(({ end }) => end());
  }

  /** One kind, drawn by chance. Only one node is in trouble at a time: three copies survive no more, whoever made them. */
  begin(): void {
    const { random } = this.#world;
    const dice = random();
    const long = minute * (1 + 9 * random());
    if (dice < 0.25) {
      this.#node(long);
    } else if (dice < 0.45) {
      this.#commands(long);
    } else if (dice < 0.6) {
      this.#api(
        'api trouble',
        long,
        () => (this.#world.apiTrouble = 0.1),
        () => (this.#world.apiTrouble = 0),
      );
    } else if (dice < 0.65) {
      this.#api(
        'api down',
        long,
        () => (this.#world.apiDown = true),
        () => (this.#world.apiDown = false),
      );
    } else if (dice < 0.7) {
      this.#note('leader cut off');
      this.#stand('leader cut off', minute, this.#world.cutLeader());
    } else if (dice < 0.85) {
      this.#note('leader killed');
      this.#world.end('kill');
    } else if (dice < 0.95) {
      this.#note('leader stopped');
      this.#world.end('stop');
    } else {
      this.#note('clock jumps');
      this.#world.clock.jumpWall((random() - 0.5) * 120 * minute);
    }
  }

  #node(long: number): void {
    if (this.#stands('node')) {
      return;
    }
    const { random, simulation } = this.#world;
    const node = `node-${1 + Math.floor(random() * nodeCount)}`;
    const kinds = ['power-off', 'cable-cut', 'glusterd-down'] as const;
    const kind = kinds[Math.floor(random() * kinds.length)] ?? 'power-off';
    const fault = simulation.faults.add({ effect: { kind }, node });
    this.#note(kind);
    this.#stand('node', long, () => simulation.faults.remove(fault));
  }

  #commands(long: number): void {
    const { random, simulation } = this.#world;
    const effects = [
      { kind: 'fail', exitCode: 5, stderr: 'made to fail' },
      { kind: 'lose-answer' },
      { kind: 'half-done' },
      { kind: 'unreachable' },
      { kind: 'slow', ms: 8_000 },
      { kind: 'hang' },
    ] as const;
    const effect = effects[Math.floor(random() * effects.length)] ?? effects[0];
    const probability = effect.kind === 'hang' ? 0.01 : 0.06;
    const fault = simulation.faults.add({ effect, probability });
    this.#note(`commands: ${effect.kind}`);
    this.#stand('commands', long, () => simulation.faults.remove(fault));
  }

  #api(name: string, long: number, begin: () => void, end: () => void): void {
    if (!this.#stands(name)) {
      begin();
      this.#note(name);
      this.#stand(name, long, end);
    }
  }

  #stand(name: string, long: number, end: () => void): void {
    this.#standing.push({ name, until: this.#world.clock.monotonic() + long, end });
  }

  #stands(name: string): boolean {
    return this.#standing.some((trouble) => trouble.name === name);
  }

  #note(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
