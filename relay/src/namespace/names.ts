/** A document's name cannot be one, or clashes with another's. */
export class NameRefused extends Error {
  override name = "NameRefused";
}

const MOST_SEGMENTS = 32;
const MOST_SEGMENT_BYTES = 100;
const EXTENSION = ".json";

/** Names that some file systems give to devices, with or without an ending. */
const DEVICES = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?: *\.|$)/i;
/**
 * Control characters; what is invisible or turns text round; what means nothing yet, so that nobody knows its cases;
 * characters that some file systems forbid or give a meaning.
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\\:*?"<>|]/u;

/**
 * The path of a document's file below `data/`, with `/` between segments. Names are checked, never cleaned: one name is
 * one document on every file system, or it is refused (rule NS1 of SPEC.md). @throws {NameRefused}
 */
export function documentPath(name: string): string {
  // Most names are plain: one look decides them.
  if (name.length <= MOST_SEGMENT_BYTES && /^[a-z0-9_-]+$/.test(name) && !DEVICES.test(name)) return name + EXTENSION;
  const segments = name.split("/");
  if (segments.length > MOST_SEGMENTS) {
    throw new NameRefused(`name: expected at most ${MOST_SEGMENTS} segments, got ${segments.length}`);
  }
  for (const segment of segments) checkSegment(segment);
  return name + EXTENSION;
}

/** The name of the document whose file is at `path` below `data/`; `undefined` if no document has its file there. */
export function documentName(path: string): string | undefined {
  if (!path.endsWith(EXTENSION)) return undefined;
  const name = path.slice(0, -EXTENSION.length);
  try {
    return documentPath(name) === path ? name : undefined;
  } catch {
    return undefined; // a file that somebody else put there
  }
}

function checkSegment(segment: string): void {
  const bytes = Buffer.byteLength(segment);
  if (bytes === 0 || bytes > MOST_SEGMENT_BYTES) {
    throw new NameRefused(`name: expected segments of 1 to ${MOST_SEGMENT_BYTES} bytes, got one of ${bytes}`);
  }
  if (!segment.isWellFormed() || segment.normalize("NFC") !== segment) {
    throw new NameRefused("name: expected Unicode in normal form C, got another form");
  }
  if (FORBIDDEN.test(segment)) {
    throw new NameRefused(
      'name: expected no control, invisible or unassigned characters and none of \\ : * ? " < > |, got one',
    );
  }
  if (/^[\s.]|[\s.]$/u.test(segment)) {
    throw new NameRefused("name: expected segments that do not begin or end with a dot or a space, got one that does");
  }
  if (DEVICES.test(segment)) throw new NameRefused("name: expected no reserved device name, got one");
}

/** Equal for two names that a file system without regard for case takes for one. */
export function foldCase(name: string): string {
  return name.normalize("NFD").toLowerCase().toUpperCase().normalize("NFD"); // ẞ has no upper case, but its lower case has
}
