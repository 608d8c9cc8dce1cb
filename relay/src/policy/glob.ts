/**
 * Does a name match a glob? Both are segments between `/`; `*` stands for any characters within a segment, `**` as a whole
 * segment for any number of segments, at the end for one at least. Everything else stands for itself. Takes time in the
 * product of both lengths at most, whatever strangers choose as names.
 */
export function matchesGlob(glob: string, name: string): boolean {
  const segments = glob.split("/");
  // At the end "**" is at least one segment: one more that matches any.
  if (segments.at(-1) === "**") segments.push("*");
  return matchAll(segments, name.split("/"), matchesSegment, isAnySegments);
}

function matchesSegment(pattern: string, segment: string): boolean {
  if (!pattern.includes("*")) return pattern === segment;
  return matchAll(
    Array.from(pattern),
    Array.from(segment),
    (a, b) => a === b,
    (character) => character === "*",
  );
}

function isAnySegments(segment: string): boolean {
  return segment === "**";
}

/** Matches greedily and, on a mismatch, lets the last wildcard stand for one more: it never has to go further back. */
function matchAll<T>(pattern: T[], items: T[], matches: (a: T, b: T) => boolean, isAny: (item: T) => boolean): boolean {
  let [p, i] = [0, 0];
  let [lastAny, resume] = [-1, 0];
  while (i < items.length) {
    const [wanted, item] = [pattern[p], items[i]];
    if (wanted !== undefined && isAny(wanted)) {
      lastAny = p;
      resume = i;
      p += 1;
    } else if (wanted !== undefined && item !== undefined && matches(wanted, item)) {
      p += 1;
      i += 1;
    } else if (lastAny >= 0) {
      p = lastAny + 1;
      resume += 1;
      i = resume;
    } else return false;
  }
  while (p < pattern.length && isAny(pattern[p] as T)) p += 1;
  return p === pattern.length;
}
