import { visibleText } from "@circles/sdk/protocol";

/** What quotes, or looks as if. */
const QUOTES =
  /["\p{Pi}\p{Pf}\u02BA\u02DD\u02EE\u02F6\u05F4\u2033\u2034\u2036\u2037\u201E\u2057\u275D\u275E\u2760\u301D-\u301F\uFF02\u{1F676}-\u{1F678}]/gu;

/** A stranger's text on one line, with every character by its number that hides itself or turns the text around. */
export function oneLine(text: string): string {
  return visibleText(text).replace(/[\n\t]/g, byNumber);
}

/** The same between quotes that it cannot end. */
export function quoted(text: string): string {
  return `“${oneLine(text).replace(QUOTES, byNumber)}”`;
}

function byNumber(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
