/** How long a decision takes under a large policy: 10,000 grants and 1,000 groups. */
import { hash } from "node:crypto";
import type { Grant, PublicKey, Sha256 } from "@circles/sdk/protocol";
import { openAuthority } from "../src/policy/authority.ts";
import { CompiledPolicy, writeAuthority } from "../src/policy/compiled-policy.ts";
import { parsePolicy } from "../src/policy/policy-file.ts";

const ROUNDS = process.argv.includes("--short") ? 2_000 : 20_000;
const keyOf = (i: number) => `02${hash("sha256", `key ${i}`)}` as PublicKey;
const script = hash("sha256", "script") as Sha256;

const groups = Object.fromEntries(
  Array.from({ length: 1_000 }, (_, g) => [`group-${g}`, Array.from({ length: 20 }, (_, k) => keyOf(g * 10 + k))]),
);
const grants = Array.from({ length: 10_000 }, (_, i): Grant => {
  const to = i % 3 === 0 ? keyOf(i) : i % 3 === 1 ? `group-${i % 1_000}` : i % 300 === 2 ? "*" : keyOf(i * 7);
  const name = `folder-${i % 500}`;
  const allow = [`read:${name}/**`, `write:${name}/own-${i}`, `call:function_${i % 50}`];
  return i % 10 === 0 ? { to, allow: [...allow, `read:*/${name}/*.txt`], limits: { cpu_ms: 200 } } : { to, allow };
});

function median(measure: (i: number) => void): number {
  const times = Array.from({ length: ROUNDS }, (_, i) => {
    const start = performance.now();
    measure(i);
    return performance.now() - start;
  });
  return (times.toSorted((a, b) => a - b)[ROUNDS / 2] ?? Number.NaN) * 1000;
}

const json = JSON.stringify({ groups, grants });
const begin = performance.now();
const checked = parsePolicy(JSON.parse(json));
const checkedAt = performance.now();
const policy = new CompiledPolicy(checked);
const [checkMs, compileMs] = [checkedAt - begin, performance.now() - checkedAt];
const text = (caller: PublicKey) =>
  writeAuthority({ script, approved: [], grants: policy.grantsOf({ caller, script }) });
const authority = openAuthority(text(keyOf(0)));

const figures = {
  [`check a policy of ${json.length} characters, once`]: checkMs * 1000,
  "compile it, once": compileMs * 1000,
  "what one caller holds, another each time": median((i) => text(keyOf(i % 9_000))),
  "open it in a thread, another each time": median((i) => openAuthority(text(keyOf(i % 9_000)))),
  "one capability that is held": median((i) => authority.check(`call:function_${i % 50}`)),
  "one capability that is missing": median((i) => authority.check(`read:nowhere/${i}/x`)),
  "a whole decision: hold, open, ask": median((i) => openAuthority(text(keyOf(i % 9_000))).check("read:folder-7/a")),
};
for (const [what, us] of Object.entries(figures)) process.stdout.write(`${us.toFixed(1).padStart(10)} µs  ${what}\n`);
const decision = figures["a whole decision: hold, open, ask"];
process.stdout.write(`aim: a decision under 50 µs median: ${decision < 50 ? "met" : "MISSED"}\n`);
