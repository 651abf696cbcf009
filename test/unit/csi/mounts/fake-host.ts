/**
 * A node in memory that takes the command lines of mounting: directories with their immutable flags, a mount table, client processes.
 * It can be made to lose the plugin after any number of commands, and to answer as real hosts do on bad days.
 */
import type { Command, CommandResult, CommandRunner } from '../../../../src/gluster/runner.ts';

interface FakeMount {
  readonly id: number;
  readonly parent: number;
  readonly device: string;
  readonly target: string;
  options: string[];
  readonly fstype: string;
  readonly source: string;
  readonly superOptions: string;
}

interface FakeClient {
  readonly pid: number;
  readonly device: string;
  readonly argv: readonly string[];
}

const ok = (stdout = ''): CommandResult => ({ kind: 'exited', exitCode: 0, stdout, stderr: '' });
const fail = (stderr: string, exitCode = 1): CommandResult => ({ kind: 'exited', exitCode, stdout: '', stderr });
const disconnected = 'Transport endpoint is not connected';

export class FakeHost implements CommandRunner {
  readonly directories = new Map<string, { immutable: boolean; mode: string }>([
    ['/kubelet', { immutable: false, mode: '755' }],
  ]);
  mounts: FakeMount[] = [];
  clients: FakeClient[] = [];
  readonly links = new Map<string, string>();
  readonly files = new Set<string>();
  readonly calls: string[] = [];
  readonly laned: (string | undefined)[] = [];
  readonly moved: string[] = [];
  readonly silent = new Set<string>();
  readonly asking: string[] = [];
  /** Servers that hand out volumes. */
  readonly servers = new Set(['s1', 's2', 's3']);
  log = '';
  bricksUp = true;
  immutableWorks = true;
  clientsStay: 'no' | 'until TERM' | 'until KILL' = 'no';
  hasClient = true;
  treeRuns = true;
  /** Commands until the plugin is killed; the one that it is killed in still does its work. */
  left = Infinity;
  /** Programs that get no answer, although they do their work. */
  readonly unanswered = new Set<string>();
  #number = 100;

  async run(_node: unknown, command: Command): Promise<CommandResult> {
    if (this.left <= 0) {
      return { kind: 'not-started', cause: 'refused', reason: 'killed' };
    }
    this.left -= 1;
    this.calls.push(command.argv.join(' '));
    this.laned.push(command.lane);
    const result = this.#perform(command.argv);
    const program = command.argv[0] ?? '';
    return this.left === 0 || this.unanswered.has(program) ? { kind: 'lost', reason: 'no answer' } : result;
  }

  /** SIGKILL of the client of a directory. */
  killClient(directory: string): void {
    this.clients = this.clients.filter(({ argv }) => argv.at(-1) !== directory);
  }

  mount(target: string, more: Partial<FakeMount> = {}): void {
    const id = (this.#number += 1);
    const parent = this.#under(target);
    const plain = {
      options: ['rw', 'relatime'],
      superOptions: 'rw',
      device: `0:${id}`,
      fstype: 'ext4',
      source: '/dev/sda',
    };
    this.mounts.push({ id, parent, target, ...plain, ...more });
  }

  targets(): readonly string[] {
    return this.mounts.map(({ target }) => target).filter((target) => target.startsWith('/kubelet/'));
  }

  #top(target: string): FakeMount | undefined {
    return this.mounts.findLast((mount) => mount.target === target);
  }

  /** The id of what a new mount at `target` lies on. */
  #under(target: string): number {
    for (let path = target; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) {
      const top = this.#top(path);
      if (top !== undefined) {
        return top.id;
      }
    }
    return this.#top('/')?.id ?? 1;
  }

  #alive({ fstype, device }: FakeMount): boolean {
    return fstype !== 'fuse.glusterfs' || this.clients.some((client) => client.device === device);
  }

  #perform(argv: readonly string[]): CommandResult {
    const [program = '', ...args] = argv;
    const last = args.at(-1) ?? '';
    switch (program) {
      case 'cat':
        return ok(this.mounts.map((mount) => this.#line(mount)).join(''));
      case 'ps':
        return ok(
          [...this.clients.map(({ pid, argv: words }) => `${pid} ${words.join(' ')}`), ...this.asking].join('\n'),
        );
      case 'realpath':
        return ok(
          args
            .slice(2)
            .map((path) => `${this.#resolve(path)}\n`)
            .join(''),
        );
      case 'mkdir':
        return this.#mkdir(last);
      case 'rmdir':
        return this.#rmdir(last);
      case 'stat':
        return args.includes('--file-system')
          ? this.#statfs(last)
          : ok(this.links.has(last) ? 'symbolic link\n' : 'directory\n');
      case 'chattr':
        return this.#chattr(last, args[0] === '+i');
      case 'chmod':
        this.#directory(last).mode = '000';
        return ok();
      case 'mount':
        return this.#mount(args);
      case 'umount':
        return this.#umount(last, args.includes('--lazy'));
      case 'mount.glusterfs':
        return this.#client(args);
      case '/usr/sbin/glusterfs':
        return this.#begin(last, argv, argv.includes('--read-only'));
      case 'systemd-run':
        return this.#perform(args.slice(args.indexOf('--') + 1));
      case 'chroot':
        return this.#inTree(args);
      case 'tail':
        return ok(this.log);
      case 'kill':
        return this.#kill(Number(last), args[1] ?? '');
      case 'awk':
        this.moved.push(`${args[1]} ${args[2]}`);
        return ok();
      case 'test':
        return this.files.has(last) ? ok() : fail('');
      case 'cp':
        this.files.add(last);
        return ok();
      case 'mv':
        this.files.delete(args[2] ?? '');
        this.files.add(last);
        return ok();
      case 'rm':
        this.files.delete(last);
        return ok();
      case 'sync':
        return ok();
      default:
        throw new Error(`no program ${program}`);
    }
  }

  #line({ id, parent, device, target, options, fstype, source, superOptions }: FakeMount): string {
    const shared = options.includes('shared') ? ' shared:1' : '';
    const own = options.filter((option) => option !== 'shared').join(',');
    return `${id} ${parent} ${device} / ${target} ${own}${shared} - ${fstype} ${source} ${superOptions}\n`;
  }

  #resolve(path: string): string {
    for (const [link, target] of this.links) {
      if (path === link || path.startsWith(`${link}/`)) {
        return this.#resolve(`${target}${path.slice(link.length)}`);
      }
    }
    return path;
  }

  #directory(path: string): { immutable: boolean; mode: string } {
    const found = this.directories.get(path) ?? { immutable: false, mode: '755' };
    this.directories.set(path, found);
    return found;
  }

  #mkdir(path: string): CommandResult {
    this.#directory(path);
    return ok();
  }

  #rmdir(path: string): CommandResult {
    const found = this.directories.get(path);
    if (found === undefined) {
      return fail(`rmdir: failed to remove '${path}': No such file or directory`);
    }
    if (found.immutable || this.#top(path) !== undefined) {
      return fail(`rmdir: failed to remove '${path}': Operation not permitted`);
    }
    this.directories.delete(path);
    return ok();
  }

  #chattr(path: string, immutable: boolean): CommandResult {
    const found = this.directories.get(path);
    if (found === undefined) {
      return fail('chattr: No such file or directory while trying to stat');
    }
    if (this.#top(path) !== undefined) {
      throw new Error(`${path} is mounted: what is mounted would be changed`);
    }
    if (!this.immutableWorks) {
      return fail('chattr: Operation not supported while reading flags');
    }
    found.immutable = immutable;
    return ok();
  }

  #statfs(path: string): CommandResult {
    const top = this.#top(path);
    if (this.silent.has(path)) {
      return { kind: 'lost', reason: 'deadline passed' };
    }
    return top !== undefined && (!this.#alive(top) || (top.fstype === 'fuse.glusterfs' && !this.bricksUp))
      ? fail(`stat: cannot read file system information for '${path}': ${disconnected}`)
      : ok('4096 100 60 50 1000 900\n');
  }

  #mount(args: readonly string[]): CommandResult {
    const [first, second = ''] = args;
    const target = args.at(-1) ?? '';
    if (first === '--bind') {
      const from = this.#top(args.at(-2) ?? '');
      this.mount(
        target,
        from === undefined
          ? { options: ['rw', 'shared'] }
          : { ...from, target, id: (this.#number += 1), parent: this.#under(target) },
      );
      return ok();
    }
    if (first === '-t') {
      this.mount(target, { fstype: 'proc', source: 'proc' });
      return ok();
    }
    const top = this.#top(target);
    if (top !== undefined) {
      top.options = second.split(',').filter((option) => !['remount', 'bind'].includes(option));
    }
    return ok();
  }

  #umount(target: string, lazy: boolean): CommandResult {
    const top = this.#top(target);
    if (top === undefined) {
      return fail(`umount: ${target}: not mounted.`, 32);
    }
    if (!lazy && !this.#alive(top)) {
      return fail(`umount: ${target}: ${disconnected}.`, 32);
    }
    this.mounts = this.mounts.filter((mount) => mount !== top);
    if (this.clientsStay === 'no' && !this.mounts.some(({ device }) => device === top.device)) {
      this.clients = this.clients.filter(({ device }) => device !== top.device);
    }
    return ok();
  }

  #inTree(args: readonly string[]): CommandResult {
    if (!this.treeRuns) {
      return fail("chroot: failed to run command 'mount.glusterfs': No such file or directory", 127);
    }
    return args[1] === 'mount.glusterfs' ? this.#client(args.slice(2), true) : this.#perform(args.slice(1));
  }

  /** As mount.glusterfs does: the first server that answers, then the client's own words. */
  #client(args: readonly string[], tree = false): CommandResult {
    if (!tree && !this.hasClient) {
      return { kind: 'not-started', cause: 'no-such-program', reason: 'no mount.glusterfs' };
    }
    if (args[0] === '-V') {
      return ok('glusterfs 10.3\n');
    }
    const [source = '', directory = '', , text = ''] = args;
    const [first = '', volume = ''] = source.split(':/');
    const options = text.split(',');
    const valueOf = (key: string): string =>
      options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
    const servers = [first, ...valueOf('backup-volfile-servers').split(':')].filter(Boolean);
    if (!servers.some((server) => this.servers.has(server))) {
      return fail(`Mounting glusterfs on ${directory} failed.`);
    }
    const words = [
      '/usr/sbin/glusterfs',
      '--process-name',
      `fuse.${valueOf('process-name')}`,
      `--volfile-id=/${volume}`,
      directory,
    ];
    return this.#begin(
      directory,
      options.includes('ro') ? ['/usr/sbin/glusterfs', '--read-only', ...words.slice(1)] : words,
      options.includes('ro'),
      first,
    );
  }

  #begin(directory: string, argv: readonly string[], readOnly: boolean, server = 's1'): CommandResult {
    if (this.directories.get(directory)?.immutable !== true && this.immutableWorks) {
      throw new Error(`${directory} can be written to while nothing is mounted there`);
    }
    const volume = argv.find((word) => word.startsWith('--volfile-id='))?.slice('--volfile-id='.length) ?? '';
    const pid = (this.#number += 1);
    const device = `0:${pid}`;
    const mode = readOnly ? 'ro' : 'rw';
    this.mount(directory, {
      device,
      fstype: 'fuse.glusterfs',
      source: `${server}:${volume}`,
      superOptions: `${mode},user_id=0`,
      options: [mode, 'relatime'],
    });
    this.clients.push({ pid, device, argv });
    return ok();
  }

  #kill(pid: number, signal: string): CommandResult {
    if (this.clientsStay === 'until KILL' && signal !== 'KILL') {
      return ok();
    }
    this.clients = this.clients.filter((client) => client.pid !== pid);
    return ok();
  }
}
