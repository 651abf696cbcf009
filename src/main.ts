#!/usr/bin/env node
// The first thing that runs, on whatever Node there is. It may import nothing statically: an old Node would die while it
// loads a dependency, with a stack trace, before a single line of ours could say what is wrong.
const requiredMajor = 24;
const found = process.versions.node;

if (Number.parseInt(found, 10) < requiredMajor) {
  process.stderr.write(
    `brickyard needs Node.js ${requiredMajor} or later, but this is ${found} (${process.execPath}); ` +
      `get it from https://nodejs.org/en/download or with "npm install -g node@${requiredMajor}".\n`,
  );
  process.exitCode = 1;
} else {
  if (process.argv[2] === 'node') {
    // The plugin sits on every node and mostly waits. V8 without its compilers takes some 10 MiB less.
    const { setFlagsFromString } = await import('node:v8');
    for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug', '--optimize-for-size']) {
      setFlagsFromString(flag);
    }
  }
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
