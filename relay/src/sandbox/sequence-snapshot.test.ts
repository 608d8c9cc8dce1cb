import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { documentsSnapshot } from "./sandbox-contract-parts.ts";
import { SequenceSnapshot } from "./sequence-snapshot.ts";

const name = fc.stringMatching(/^[ab]{1,2}(?:\/[ab])?$/);

it("[SB14] a sequence reads and lists its base with what was written since on top, from any name on, as many as asked", () => {
  const change = fc.tuple(name, fc.option(fc.integer().map(String)));
  const asked = fc.record({
    prefix: fc.constantFrom("", "a", "b/"),
    start: fc.option(name),
    limit: fc.option(fc.nat(4)),
  });
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.constant("0")),
      fc.array(change),
      asked,
      (base, changes, { prefix, ...given }) => {
        const [start, limit] = [given.start ?? undefined, given.limit ?? undefined];
        const documents = new Map<string, string>(Object.entries(base));
        const snapshot = new SequenceSnapshot(
          documentsSnapshot(
            (key) => (Object.hasOwn(base, key) ? base[key] : undefined),
            () => Object.keys(base),
          ),
        );
        for (const [key, json] of changes) {
          snapshot.apply([{ path: snapshot.pathOf("document", key), content: json === null ? null : { json } }]);
          if (json === null) documents.delete(key);
          else documents.set(key, json);
        }
        for (const key of ["a", "b", "ab", "a/b", ...Object.keys(base)]) {
          expect(snapshot.readText(snapshot.pathOf("document", key))).toBe(documents.get(key));
        }
        const expected = Array.from(documents.keys())
          .filter((key) => key.startsWith(prefix) && key >= (start ?? ""))
          .toSorted()
          .slice(0, limit);
        expect(snapshot.list({ kind: "document", prefix, start, limit })).toEqual(expected);
      },
    ),
  );
});

it("[SB14] a sequence looks once for a document of its base, and each time for what others may change meanwhile", () => {
  const readText = vi.fn((path: string) => (path.includes("none") ? undefined : path));
  const snapshot = new SequenceSnapshot({
    ...documentsSnapshot(
      () => undefined,
      () => [],
    ),
    readText,
  });
  const paths = ["data/a.json", "data/none.json", "config/policy.json"];
  for (const path of [...paths, ...paths])
    expect(snapshot.readText(path)).toBe(path.includes("none") ? undefined : path);
  expect(readText.mock.calls.flat()).toEqual([...paths, "config/policy.json"]);
});

it("[SB14] a sequence keeps no more of what it has read than its thread has room for", () => {
  const readText = vi.fn(() => "x".repeat(300_000));
  const snapshot = new SequenceSnapshot({
    ...documentsSnapshot(
      () => undefined,
      () => [],
    ),
    readText,
  });
  const paths = Array.from({ length: 10 }, (_, i) => `data/${i}.json`);
  for (const path of [...paths, ...paths]) snapshot.readText(path);
  expect(readText).toHaveBeenCalledTimes(17); // three texts were kept
});
