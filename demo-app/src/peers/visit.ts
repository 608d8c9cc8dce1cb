const VISIT = "#visit=";

/** A link to this page that has whoever opens it visit a circle. */
export function visitLink(circleUrl: string): string {
  return `${location.origin}${location.pathname}${VISIT}${encodeURIComponent(circleUrl)}`;
}

/** The URL of the circle that such a link leads to; `undefined` for any other text. It may be anything. */
export function visitedCircle(link: string): string | undefined {
  const at = link.indexOf(VISIT);
  if (at < 0) return undefined;
  try {
    return decodeURIComponent(link.slice(at + VISIT.length));
  } catch {
    return undefined; // escapes that are none
  }
}
