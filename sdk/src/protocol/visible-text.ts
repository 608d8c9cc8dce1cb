/**
 * What does not show itself, looks like a space and is none, or turns what shows itself round: control, format, private
 * and unassigned characters, lone surrogates, fillers, selectors, blanks, odd line breaks.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1107F}\u2D7F\u{13441}\u{13442}\u{16FE4}\u{1D159}]/gu;
const SHOWN = new Set([" ", "\n", "\t"]);
const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;
const DELETE_PICTURE = "␡";

/**
 * A stranger's text as somebody may be shown it before deciding: every character that could hide something, or make
 * the text look like another, stands there by its number. Line feeds and tabs stay.
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (SHOWN.has(character)) return character;
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(CONTROL_PICTURES + code);
    return code === DELETE ? DELETE_PICTURE : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
