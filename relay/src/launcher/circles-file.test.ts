import { generateKeypair } from "@circles/sdk";
import { describe, expect, it } from "vitest";
import { CirclesFileRefused, parseCircles } from "./circles-file.ts";

const one = { name: "OurWorld", port: 8090, script_path: "scripts/ourworld.js" };
const two = { name: "Threefold", port: 8091, script_path: "scripts/threefold.js" };
const parse = (value: unknown) => parseCircles(value, { folder: "/etc/circles" });

describe("circles.json", () => {
  it("[LA1] is the specification's array, with paths relative to the file", () => {
    const nothing = { policyPath: undefined, secretKeyFile: undefined, publicKey: undefined };
    expect(parse([one, { ...two, host: "::1", policy_path: "/policies/two.json" }])).toEqual([
      { name: "OurWorld", port: 8090, host: "127.0.0.1", scriptPath: "/etc/circles/scripts/ourworld.js", ...nothing },
      {
        name: "Threefold",
        port: 8091,
        host: "::1",
        scriptPath: "/etc/circles/scripts/threefold.js",
        ...nothing,
        policyPath: "/policies/two.json",
      },
    ]);
    const { publicKey } = generateKeypair();
    expect(parse([{ ...one, public_key: `0x${publicKey.toUpperCase()}`, secret_key_file: "k" }])).toMatchObject([
      { publicKey, secretKeyFile: "/etc/circles/k" },
    ]);
  });

  it.each([
    [{}, "circles: expected an array of circles, got {}"],
    [[one, { ...two, port: "8091" }], '[1].port: expected a port from 1 to 65535, got "8091"'],
    [[{ ...one, port: 70_000 }], "[0].port: expected a port from 1 to 65535, got 70000"],
    [[{ port: 1, script_path: "a" }], "[0].name: expected this field, got nothing"],
    [[{ name: "a", port: 1 }], "[0].script_path: expected this field, got nothing"],
    [[{ ...one, script_path: "" }], `[0].script_path: expected the path of the circle's library, got ""`],
    [
      [{ ...one, name: "../etc" }],
      `[0].name: expected a name of 1 to 64 letters, digits, spaces, - or _, got "../etc"`,
    ],
    [[{ ...one, public_key: "bob" }], `[0].public_key: expected a public key of secp256k1 in hex, got "bob"`],
    [[{ ...one, colour: "red" }], "[0].colour: expected no such field"],
    [[one, { ...two, port: 8090 }], '[1].port: expected another than [0] has, got "8090"'],
    [[one, { ...two, name: "OurWorld" }], '[1].name: expected another than [0] has, got "OurWorld"'],
  ])("[LA2] %j is refused by index and field", (value, sentence) => {
    expect(() => parse(value)).toThrow(CirclesFileRefused);
    expect(() => parse(value)).toThrow(sentence);
  });
});
