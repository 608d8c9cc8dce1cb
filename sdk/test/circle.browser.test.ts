import { describe, expect, inject, it } from "vitest";
import {
  type Circle,
  connect,
  ErrorCode,
  generateKeypair,
  type Keypair,
  NonceRefused,
  WireError,
} from "../src/index.ts";

const relayUrl = inject("relayUrl");

/** `caller`, logged in to `owner`'s circle, for as long as a test's `using` lasts. */
async function visit(owner: Keypair, caller: Keypair, url = relayUrl): Promise<Circle & Disposable> {
  const circle = await connect(`${url}/${owner.publicKey}`, { signer: caller });
  return Object.assign(circle, { [Symbol.dispose]: () => circle.close() });
}

describe("the SDK on a page in Chromium", () => {
  const [alice, bob] = [generateKeypair(), generateKeypair()];

  it("[F1] bob plays in his own circle, and what he writes stays there", async () => {
    using circle = await visit(bob, bob);
    expect(await circle.play(({ data }) => data.set("dish", { name: "soup", for: 4 }))).toBeNull();
    expect(await circle.play("data.get('dish').name")).toBe("soup");
  });

  it("[M4] alice plays a function with arguments in bob's circle, next to his data and known by her key", async () => {
    using own = await visit(bob, bob);
    await own.play("data.set('guests', [])");
    using circle = await visit(bob, alice);
    const guests = await circle.play(
      ({ caller, owner, args, data }) => {
        data.set("guests", [...data.get("guests"), { name: args.name, key: caller }]);
        return { of: owner, are: data.get("guests") };
      },
      { name: "Älice 🜁" },
    );
    expect(guests).toEqual({ of: bob.publicKey, are: [{ name: "Älice 🜁", key: alice.publicKey }] });
  });

  it("[M6] what a script prints arrives while it runs", async () => {
    using circle = await visit(bob, alice);
    const play = circle.play(`
      print("started", 1, [2]);
      for (const start = Date.now(); Date.now() < start + 20; );
      progress(0.5, "half");
      for (;;); // until it is cancelled
    `);
    const outputs = [];
    for await (const output of play) {
      outputs.push(output.data);
      if (output.kind === "progress") break;
    }
    expect(outputs).toEqual(["started 1 [2]", { fraction: 0.5, note: "half" }]);
    expect(await play.cancel()).toBe(true);
    await expect(play.played).rejects.toMatchObject({ name: "WireError", code: ErrorCode.Cancelled });
  });

  it("[R3] a play ends with its script's error, line and column included", async () => {
    using circle = await visit(bob, alice);
    const { id, played } = circle.play("const guests = 1;\n  missing(guests)");
    await expect(played).rejects.toBeInstanceOf(WireError);
    await expect(played).rejects.toMatchObject({
      code: ErrorCode.ScriptError,
      data: { name: "ReferenceError", line: 2, column: 3, task_id: id },
    });
  });

  it.each(["127.0.0.1", "localhost"])("[N3] a relay on this machine is dialled as %s", async (name) => {
    using circle = await visit(bob, alice, relayUrl.replace("127.0.0.1", name));
    expect(await circle.play("CALLER_PUBLIC_KEY")).toBe(alice.publicKey);
  });

  it("[N4] a login is not signed for somebody who passes on another relay's nonce", async () => {
    await expect(visit(bob, alice, inject("middlemanUrl"))).rejects.toBeInstanceOf(NonceRefused);
  });

  it("[M7] a play that lost its connection is attached to over another, and happened once", async () => {
    const circle = await connect(`${relayUrl}/${bob.publicKey}`, { signer: alice });
    const lost = circle.play("print('running'); data.set('n', (data.get('n') ?? 0) + 1)");
    for await (const _ of lost) break;
    circle.close();
    using again = await visit(bob, alice);
    await again.attach(lost.id).played;
    expect(await again.play("data.get('n')")).toBe(1);
  });
});
