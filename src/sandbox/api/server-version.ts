/** The Kubernetes version that the sandbox plays. Some behaviour differs by it, and says so where it does. */
export type ServerVersion = { readonly major: number; readonly minor: number; readonly text: string };

/** Reads `v1.32.0` or `1.32`. Throws RangeError naming the text when it is no version. */
export function parseServerVersion(text: string): ServerVersion {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) {
    throw new RangeError(`serverVersion: expected a version such as v1.32.0, got ${JSON.stringify(text)}`);
  }
  const [, major = '1', minor = '0', patch = '0'] = match;
  return { major: Number(major), minor: Number(minor), text: `v${major}.${minor}.${patch}` };
}

/** Says whether the server is of 1.`minor` or later. */
export function atLeast(version: ServerVersion, minor: number): boolean {
  return version.major > 1 || version.minor >= minor;
}
