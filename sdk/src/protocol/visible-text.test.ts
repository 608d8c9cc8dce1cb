import fc from "fast-check";
import { expect, it } from "vitest";
import { visibleText } from "./visible-text.ts";

it.each([
  ["admin\u202Enimda", "admin⟨U+202E⟩nimda"],
  ["a\u2066b\u2069", "a⟨U+2066⟩b⟨U+2069⟩"],
  ["zero\u200Bwidth", "zero⟨U+200B⟩width"],
  ["\uFEFFbom", "⟨U+FEFF⟩bom"],
  ["\u001B[31mred\u0000", "␛[31mred␀"],
  ["over\rwritten", "over␍written"],
  ["\u007F", "␡"],
  ["\u0085\u2028\u2029", "⟨U+0085⟩⟨U+2028⟩⟨U+2029⟩"],
  ["tag\u{E0041}", "tag⟨U+E0041⟩"],
  ["\u{F0000}\uE000\uD800", "⟨U+F0000⟩⟨U+E000⟩⟨U+D800⟩"],
  ["no\u00A0break\u3000\u2800", "no⟨U+00A0⟩break⟨U+3000⟩⟨U+2800⟩"],
  ["a\u{13441}\u{13442}\u{1D159}\u{16FE4}\u2D7F\u{1107F}b", "a⟨U+13441⟩⟨U+13442⟩⟨U+1D159⟩⟨U+16FE4⟩⟨U+2D7F⟩⟨U+1107F⟩b"],
  ["\u3164filler\uFE0F\u{E0100}", "⟨U+3164⟩filler⟨U+FE0F⟩⟨U+E0100⟩"],
  ["line\n\tindented é 漢字 😀", "line\n\tindented é 漢字 😀"],
])("[M19] %j is shown as %j", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

it("[M19] nothing that hides or turns text is left in any text, and showing it again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = visibleText(text);
      expect(shown).not.toMatch(/[^\P{Cc}\n\t]|[^\P{Z} ]|[\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}]/u);
      expect(visibleText(shown)).toBe(shown);
    }),
  );
});
