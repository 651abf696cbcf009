/** Loop devices of one simulated machine: images made block devices for as long as they are mounted. */
import type { ImageFile } from './files.ts';

export class LoopDevice {
  readonly name: string;
  readonly path: string;
  readonly file: ImageFile;
  /** In extents: the file's, when it was last looked at. */
  size: number;

  constructor(name: string, path: string, file: ImageFile) {
    this.name = name;
    this.path = path;
    this.file = file;
    this.size = file.size;
  }
}

export class LoopDevices {
  readonly #devices = new Map<string, LoopDevice>();

  list(): readonly LoopDevice[] {
    return [...this.#devices.values()];
  }

  get(name: string): LoopDevice | undefined {
    return this.#devices.get(name);
  }

  of(file: ImageFile): readonly LoopDevice[] {
    return this.list().filter((device) => device.file === file);
  }

  /** The name of the device that the file has, or has from now on. */
  attach(path: string, file: ImageFile): string {
    const [standing] = this.of(file);
    if (standing !== undefined) {
      return standing.name;
    }
    let number = 0;
    while (this.#devices.has(`/dev/loop${number}`)) {
      number += 1;
    }
    const device = new LoopDevice(`/dev/loop${number}`, path, file);
    this.#devices.set(device.name, device);
    return device.name;
  }

  /** Whether it was there. */
  detach(name: string): boolean {
    return this.#devices.delete(name);
  }

  clear(): void {
    this.#devices.clear();
  }
}
