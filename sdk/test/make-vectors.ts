import { writeFileSync } from "node:fs";
import { makeVectors } from "./vector-makers/all-vectors.ts";

// Writes vectors/*.json again: node --import tsx --conditions=@circles/source sdk/test/make-vectors.ts
for (const [name, text] of makeVectors()) {
  writeFileSync(new URL(`vectors/${name}.json`, import.meta.url), text);
}
