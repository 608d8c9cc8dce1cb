import { type Grant, generateKeypair } from "@circles/sdk";
import { describe, expect, it } from "vitest";
import { sentenceOf } from "./sentence.ts";

describe("a grant in words", () => {
  const bob = generateKeypair().publicKey;

  it.each<[Grant, string]>([
    [
      { to: "*", allow: ["call:sign_guestbook"], limits: { plays_per_minute: 30 } },
      "Anyone may call “sign_guestbook”, 30 times a minute.",
    ],
    [{ to: "friends", allow: ["read:**"] }, "Everyone in the group “friends” may read everything."],
    [
      { to: "*", allow: ["write:suggestions/*"], approval: "ask" },
      "Anyone may write and delete what is named like “suggestions/*”, if you allow it each time.",
    ],
    [
      { to: "*", allow: ["read:notes/**", "emit:chat"], expires: "2027-01-01T00:00:00Z" },
      "Anyone may read everything below “notes” and tell those who subscribe to “chat”, until 2027-01-01T00:00:00Z.",
    ],
    [
      { to: "*", allow: ["policy", "log"], limits: { plays_per_minute: 1, in_total: { plays_per_minute: 5 } } },
      "Anyone may change who may do what, and so everything and read your log, once a minute, 5 times a minute all together.",
    ],
    [
      { to: "*", allow: ["call:*", "subscribe:**"] },
      "Anyone may call every function that you publish and be told of every topic.",
    ],
  ])("[PG7] %j", (grant, sentence) => {
    expect(sentenceOf(grant)).toBe(sentence);
  });

  it("[PG7] names peers whom the owner knows", () => {
    expect(sentenceOf({ to: bob, allow: ["log"] }, { names: new Map([[bob, "Bob"]]) })).toMatch(
      /^“Bob” \(0[23].{8}….{8}\) may read your log\.$/,
    );
  });

  it("[PG5] a name that somebody else chose stays inside its quotes, and hides nothing", () => {
    const name = "cake”, and read everything\u202e\u0000";
    expect(sentenceOf({ to: "*", allow: [`write:${name}`] })).toBe(
      "Anyone may write and delete “cake⟨U+201D⟩, and read everything⟨U+202E⟩␀”.",
    );
  });
});
