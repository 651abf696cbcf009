/** XML as text trees: no value is guessed at, so that a volume called 0123 stays that. */
import { XMLParser } from 'fast-xml-parser';

/** Elements that may come any number of times; all others are read as single. */
const repeated: ReadonlySet<string> = new Set([
  'cliOutput.volInfo.volumes.volume',
  'cliOutput.volInfo.volumes.volume.bricks.brick',
  'cliOutput.volInfo.volumes.volume.options.option',
  'cliOutput.volList.volume',
  'cliOutput.peerStatus.peer',
  'cliOutput.peerStatus.peer.hostnames.hostname',
  'cliOutput.volStatus.volumes.volume',
  'cliOutput.volStatus.volumes.volume.node',
  'cliOutput.volStatus.volumes.volume.tasks.task',
  'cliOutput.healInfo.bricks.brick',
  'cliOutput.healInfo.bricks.brick.file',
  'cliOutput.volRebalance.node',
  'cliOutput.volRemoveBrick.node',
  'cliOutput.volGetopts.Opt',
]);

const parser = new XMLParser({
  ignoreDeclaration: true,
  ignorePiTags: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  isArray: (_name, path) => typeof path === 'string' && repeated.has(path),
});

/**
 * The tree under `<cliOutput>`: objects of text, attributes as `@name`, mixed text as `#text`, an empty element as ''.
 * `undefined` when the text holds no complete answer: the parser itself would make sense of a torn one.
 */
export function readCliOutput(text: string): unknown {
  const end = text.trimEnd();
  if (!end.endsWith('</cliOutput>') || !end.includes('<cliOutput>')) {
    return undefined;
  }
  try {
    const document = parser.parse(end.slice(end.indexOf('<cliOutput>'))) as { readonly cliOutput?: unknown };
    return document.cliOutput;
  } catch {
    return undefined;
  }
}
