/** `losetup`: lists loop devices, has one notice that its file has grown, detaches one. */
import { complaint, printed, silent, textOf, wordsOf, type Tool } from './tool.ts';

const flag = { type: 'boolean' } as const;
const text = { type: 'string' } as const;

export const losetup: Tool = (machine, words) => {
  const parsed = wordsOf(words, {
    json: flag,
    list: flag,
    output: text,
    associated: text,
    'set-capacity': text,
    detach: text,
  });
  if (parsed === undefined || parsed.positionals.length > 0) {
    return undefined;
  }
  const grown = textOf(parsed, 'set-capacity');
  const detached = textOf(parsed, 'detach');
  if (grown !== undefined || detached !== undefined) {
    const device = machine.loops.get(grown ?? detached ?? '');
    if (device === undefined) {
      return complaint(1, `losetup: ${grown ?? detached}: failed to use device: No such device`);
    }
    if (grown !== undefined) {
      device.size = device.file.size;
    } else if (device.file.fileSystem === undefined || !machine.files.isMounted(device.file.fileSystem)) {
      machine.loops.detach(device.name);
    }
    return silent;
  }
  if (
    parsed.values['json'] !== true ||
    parsed.values['list'] !== true ||
    parsed.values['output'] !== 'NAME,BACK-FILE'
  ) {
    return undefined;
  }
  const path = textOf(parsed, 'associated');
  const file = path === undefined ? undefined : machine.files.file(path);
  const shown = path === undefined ? machine.loops.list() : file?.kind === 'file' ? machine.loops.of(file) : [];
  return printed(
    JSON.stringify({ loopdevices: shown.map((device) => ({ name: device.name, 'back-file': device.path })) }),
  );
};
