import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const spec = readFileSync(new URL("../SPEC.md", import.meta.url), "utf8");
const rules = [...spec.matchAll(/^- \*\*([A-Z]+\d+)\*\* /gm)].map(([, id]) => id);

it("[V3] SPEC.md gives each rule an id of its own", () => {
  expect(rules.length).toBeGreaterThan(50);
  expect(new Set(rules).size).toBe(rules.length);
});

it.each(["src", "src/connection", "src/protocol", "src/keys", "src/log", "src/tools", "src/wallet", "test"])(
  "[V3] the titles of the tests in %s name rules of SPEC.md",
  (folder) => {
    const url = new URL(`../${folder}/`, import.meta.url);
    const files = readdirSync(url).filter((name) => /(\.test|-contract(-connections)?)\.ts$/.test(name));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const titles = [...readFileSync(new URL(file, url), "utf8").matchAll(/["'`]\[([A-Z]+\d+)\] /g)];
      expect(titles.length, file).toBeGreaterThan(0);
      expect(
        titles.map(([, id]) => id).filter((id) => !rules.includes(id)),
        file,
      ).toEqual([]);
    }
  },
);
