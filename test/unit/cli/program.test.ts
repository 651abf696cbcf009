import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../../src/cli/io.ts';
import { main } from '../../../src/cli/main.ts';
import { brickyardVersion } from '../../../src/cli/version.ts';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    interactive: false,
    confirm: () => Promise.reject(new Error('nobody to ask')),
    environment: {},
  };
  const code = await main(argv, io);
  return { code, out: out.join('\n'), err };
}

describe('command line', () => {
  it.each([
    ['brickyard', []],
    ['serve', ['serve']],
    ['sandbox', ['sandbox']],
    ['topology', ['topology']],
    ['topology load', ['topology', 'load']],
    ['volume', ['volume']],
    ['volume list', ['volume', 'list']],
    ['volume info', ['volume', 'info']],
    ['volume grow', ['volume', 'grow']],
    ['volume plan', ['volume', 'plan']],
    ['volume adopt', ['volume', 'adopt']],
    ['volume forget', ['volume', 'forget']],
    ['doctor', ['doctor']],
    ['lint', ['lint']],
    ['legacy', ['legacy']],
    ['legacy list', ['legacy', 'list']],
    ['capacity', ['capacity']],
    ['topology set-state', ['topology', 'set-state']],
    ['agent', ['agent']],
    ['certs', ['certs']],
    ['certs create', ['certs', 'create']],
    ['certs renew', ['certs', 'renew']],
    ['certs show', ['certs', 'show']],
    ['certs secrets', ['certs', 'secrets']],
    ['node', ['node']],
    ['node list', ['node', 'list']],
    ['node add', ['node', 'add']],
    ['node remove', ['node', 'remove']],
    ['node serve', ['node', 'serve']],
    ['node probe', ['node', 'probe']],
  ])('helps with %s', async (_name, argv) => {
    const { code, out, err } = await run(...argv, '--help');
    expect(code).toBe(0);
    expect(err).toEqual([]);
    expect(out).toMatchSnapshot();
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  it('prints its version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: brickyardVersion(), err: [] });
  });

  it.each<{ name: string; argv: string[]; expected: string }>([
    {
      name: 'an unknown command',
      argv: ['srve'],
      expected: "brickyard: unknown command 'srve' (Did you mean serve?); see brickyard --help",
    },
    {
      name: 'an unknown command about nodes',
      argv: ['node', 'lst'],
      expected: 'brickyard: node: expected a command, got "lst"; did you mean list?',
    },
    {
      name: 'an unknown option of the node plugin, which is the default',
      argv: ['node', '--nam', 'a'],
      expected: "brickyard: unknown option '--nam' (Did you mean --name?); see brickyard --help",
    },
    {
      name: 'a node plugin without a name',
      argv: ['node'],
      expected: 'brickyard: name: expected a lower-case DNS name, got undefined',
    },
    {
      name: 'an unknown option',
      argv: ['serve', '--wokers', '3'],
      expected: "brickyard: unknown option '--wokers' (Did you mean --workers?); see brickyard --help",
    },
    {
      name: 'a missing argument',
      argv: ['volume', 'info'],
      expected: "brickyard: missing required argument 'name'; see brickyard --help",
    },
    {
      name: 'an argument too many',
      argv: ['volume', 'list', 'all'],
      expected: "brickyard: too many arguments for 'list'. Expected 0 arguments but got 1: all; see brickyard --help",
    },
    {
      name: 'a number that is none',
      argv: ['sandbox', '--claims', 'x'],
      expected:
        "brickyard: option '--claims <number>' argument 'x' is invalid. expected a whole number from 0 to 10000, got \"x\"; see brickyard --help",
    },
    {
      name: 'an output format that is not there',
      argv: ['volume', 'list', '-o', 'yaml'],
      expected:
        "brickyard: option '-o, --output <format>' argument 'yaml' is invalid. Allowed choices are table, json; see brickyard --help",
    },
    {
      name: 'a size that is none',
      argv: ['volume', 'plan', '--size', '10GB'],
      expected:
        "brickyard: option '--size <size>' argument '10GB' is invalid. expected a size such as 10Gi, 500M or 1073741824, got \"10GB\"; see brickyard --help",
    },
    {
      name: 'a dispersed set that gluster does not have',
      argv: ['capacity', '--disperse', '2+2'],
      expected:
        "brickyard: option '--disperse <D+R>' argument '2+2' is invalid. expected D+R with D from 2 to 16, R from 1 to 8, and R less than D, got \"2+2\"; see brickyard --help",
    },
    {
      name: 'a tag rule without a value',
      argv: ['volume', 'plan', '--size', '1Gi', '--tag', 'media'],
      expected:
        "brickyard: option '--tag <rule>' argument 'media' is invalid. expected key=value or key!=value, of letters, digits, _ . and -, got \"media\"; see brickyard --help",
    },
    {
      name: 'a zone that can be none',
      argv: ['volume', 'plan', '--size', '1Gi', '--zone', 'a b'],
      expected:
        "brickyard: option '--zone <zone>' argument 'a b' is invalid. expected a zone of 1 to 63 letters, digits, _ . and -, got \"a b\"; see brickyard --help",
    },
    {
      name: 'a state that is none',
      argv: ['topology', 'set-state', 'n1', 'gone'],
      expected:
        "brickyard: command-argument value 'gone' is invalid for argument 'state'. Allowed choices are online, offline, failed; see brickyard --help",
    },
    {
      name: 'a device that is none',
      argv: ['node', 'add', 'n1', '--zone', 'a', '--device', 'vdb'],
      expected:
        'brickyard: devices[0].name: device: expected an absolute path such as /dev/vdb, without . or .. in it, got "vdb"',
    },
    {
      name: 'a serial number without a device',
      argv: ['node', 'add', 'n1', '--device', '/dev/vdb', '--serial', '/dev/vdc=X1'],
      expected: 'brickyard: --serial: expected a device that --device or --wipe names, got /dev/vdc',
    },
    {
      name: 'a tag without a value',
      argv: ['node', 'add', 'n1', '--tag', 'rack'],
      expected:
        "brickyard: option '--tag <key=value>' argument 'rack' is invalid. expected two names with an equals sign between them, got \"rack\"; see brickyard --help",
    },
    {
      name: 'a wrong setting',
      argv: ['serve', '--workers', '0'],
      expected: 'brickyard: flag --workers: expected a whole number from 1 to 1000, got "0"',
    },
    {
      name: 'a topology file that is not there',
      argv: ['topology', 'load', '/nonexistent.json'],
      expected:
        "brickyard: /nonexistent.json: expected a readable file, got ENOENT: no such file or directory, open '/nonexistent.json'",
    },
  ])('answers $name with one line and 2', async ({ argv, expected }) => {
    expect(await run(...argv)).toEqual({ code: 2, out: '', err: [expected] });
  });

  it('answers several wrong settings with a line each', async () => {
    const { code, err } = await run('serve', '--workers', '0', '--ops-port', 'x');
    expect(code).toBe(2);
    expect(err).toHaveLength(2);
  });

  it('reads settings from the file that --config names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brickyard-cli-'));
    try {
      const file = join(folder, 'c.yaml');
      await writeFile(file, 'workers: none');
      const { code, err } = await run('serve', '--config', file);
      expect(code).toBe(2);
      expect(err).toEqual([`brickyard: file ${file}: workers: expected a whole number from 1 to 1000, got "none"`]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
