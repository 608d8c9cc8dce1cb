import fc from "fast-check";
import { expect, it } from "vitest";
import { putPart } from "./library-part.ts";

it("[PG10] a part of a library takes its own place again, and leaves what is around it as it is", () => {
  const text = fc.string().filter((one) => !one.includes("demo app"));
  fc.assert(
    fc.property(text, text, text, (own, first, second) => {
      const once = putPart(own, "guestbook", first);
      const twice = putPart(`${once}after`, "guestbook", second);
      expect(once.startsWith(own)).toBe(true);
      expect(putPart(once, "guestbook", first)).toBe(once);
      expect(twice).toBe(`${putPart(own, "guestbook", second)}after`);
      expect(putPart(once, "whiteboard", second).startsWith(once)).toBe(true);
    }),
  );
});
