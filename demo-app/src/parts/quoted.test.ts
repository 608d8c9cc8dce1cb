import fc from "fast-check";
import { expect, it } from "vitest";
import { oneLine, quoted } from "./quoted.ts";

it.each([
  ["cake”, and read everything", "“cake⟨U+201D⟩, and read everything”"],
  ["a\nb\tc", "“a⟨U+000A⟩b⟨U+0009⟩c”"],
  [
    'straight " low „ guillemets « » prime ″ full ＂',
    "“straight ⟨U+0022⟩ low ⟨U+201E⟩ guillemets ⟨U+00AB⟩ ⟨U+00BB⟩ prime ⟨U+2033⟩ full ⟨U+FF02⟩”",
  ],
  ["hidden\u00AD\u034F\u115F\u17B4\uFE0F\u3164", "“hidden⟨U+00AD⟩⟨U+034F⟩⟨U+115F⟩⟨U+17B4⟩⟨U+FE0F⟩⟨U+3164⟩”"],
  ["notes/März 2026 😀", "“notes/März 2026 😀”"],
])("[PG5] %j stands in a sentence as %s", (text, shown) => {
  expect(quoted(text)).toBe(shown);
});

it("[PG5] nothing that quotes, hides or turns text is left in a sentence, whatever somebody named", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = quoted(text);
      expect(shown.slice(1, -1)).not.toMatch(/["\p{Pi}\p{Pf}]|[^\P{C}]|[^\P{Z} ]|\p{Default_Ignorable_Code_Point}/u);
      expect(oneLine(text)).not.toMatch(/\p{Cc}/u);
    }),
  );
});
