import { describe, expect, it } from "vitest";
import { decryptKey, encryptKey } from "./encrypted-key.ts";
import { EncryptedKeyRefused } from "./encrypted-key-refused.ts";
import { keypairFrom } from "./keypair.ts";

const secret = new Uint8Array(32).fill(7);
const { publicKey } = keypairFrom(secret);

describe("an encrypted key", () => {
  it("[VA3] is opened by its passphrase, however that is composed, and by no other", async () => {
    const text = await encryptKey(secret, "Caf\u00e9");
    expect(text).toMatch(new RegExp(`^circles-key-1:${publicKey}:[\\w-]{118}$`));
    expect(await decryptKey(`  ${text}\n`, "Cafe\u0301")).toEqual(secret);
    await expect(decryptKey(text, "cafe")).rejects.toThrow(EncryptedKeyRefused);
    expect(await encryptKey(secret, "Caf\u00e9")).not.toBe(text);
  });

  it("[VA3] is refused when any of its parts was changed", async () => {
    const text = await encryptKey(secret, "x");
    const other = keypairFrom(new Uint8Array(32).fill(8)).publicKey;
    const at = (i: number) => text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
    const begin = text.length - 118;
    for (const changed of [
      text.replace(publicKey, other),
      at(begin),
      at(begin + 40),
      at(begin + 60),
      at(text.length - 2),
    ]) {
      await expect(decryptKey(changed, "x")).rejects.toThrow(EncryptedKeyRefused);
    }
  });

  it.each([
    "",
    "circles-key-1",
    `circles-key-1:${publicKey}:`,
    `circles-key-2:${publicKey}:${"A".repeat(118)}`,
    "00".repeat(32),
  ])("[VA3] %j is none, whatever the passphrase, and is not repeated", async (text) => {
    const refused = expect(decryptKey(text, "x")).rejects;
    await refused.toThrow(/^key: expected circles-key-1:\{public key\}:\{118 characters\}, got \d+ characters$/);
  });

  it("[VA3] is not made with an empty passphrase", async () => {
    await expect(encryptKey(secret, "")).rejects.toThrow(TypeError);
  });
});
