/** A name cannot be one, or clashes with another. */
export class NameRefused extends Error {
  override name = "NameRefused";
}

const MOST_SEGMENTS = 32;
const MOST_SEGMENT_BYTES = 100;
const EXTENSION = ".json";
const FOLDED_EXTENSION = ".JSON";

/** Names that some file systems give to devices, with or without an ending. */
const DEVICES = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?: *\.|$)/i;
/**
 * Control characters; what is invisible or turns text round; what means nothing yet, so that nobody knows its cases;
 * characters that some file systems forbid or give a meaning.
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\\:*?"<>|]/u;

/** What a name stands for. */
export type NameKind = "document" | "file" | "inbox";

/** What a circle keeps beside its data. */
const CONFIG = new Set(["config/policy.json", "config/library.js"]);
const INBOX = /^inbox\/([0-9a-f]{32})\.json$/;

/**
 * The path, below the circle's folder, of what has this name. Names are checked, never cleaned: one name is one file on
 * every file system, or it is refused (rule NS1 of SPEC.md). @throws {NameRefused}
 */
export function pathOf(kind: NameKind, name: string): string {
  if (kind === "inbox") {
    const path = `inbox/${name}${EXTENSION}`;
    if (INBOX.test(path)) return path;
    throw new NameRefused("name: expected 32 hex characters, got another text");
  }
  checkName(name);
  if (kind === "document") return `data/${name}${EXTENSION}`;
  if (!foldCase(name).endsWith(FOLDED_EXTENSION)) return `data/${name}`;
  throw new NameRefused("name: expected a file's, got one that ends as documents do");
}

/** What lies at a path below the circle's folder, if anything may; `undefined` where nothing of a circle can. */
export function namedAt(path: string): { kind: NameKind | "config"; name: string } | undefined {
  if (CONFIG.has(path)) return { kind: "config", name: path };
  const [, id] = INBOX.exec(path) ?? [];
  if (id !== undefined) return { kind: "inbox", name: id };
  if (!path.startsWith("data/")) return undefined;
  const below = path.slice("data/".length);
  const kind = below.endsWith(EXTENSION) ? "document" : "file";
  const name = kind === "document" ? below.slice(0, -EXTENSION.length) : below;
  try {
    return pathOf(kind, name) === path ? { kind, name } : undefined;
  } catch {
    return undefined; // a file that somebody else put there
  }
}

function checkName(name: string): void {
  // Most names are plain: one look decides them.
  if (name.length <= MOST_SEGMENT_BYTES && /^[a-z0-9_-]+$/.test(name) && !DEVICES.test(name)) return;
  const segments = name.split("/");
  if (segments.length > MOST_SEGMENTS) {
    throw new NameRefused(`name: expected at most ${MOST_SEGMENTS} segments, got ${segments.length}`);
  }
  for (const segment of segments) checkSegment(segment);
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
