import { type Circle, generateKeypair } from "@circles/sdk";
import { type CheckedRecord, checkLog } from "@circles/sdk/log";
import { describe, expect, it } from "vitest";
import { alice, bob } from "./people.ts";
import { setRelayOnALine } from "./relay-on-a-line.ts";

describe("a log that its owner follows", () => {
  const relay = setRelayOnALine();
  const { dial } = relay;
  /** As far as the record with this number. */
  const follow = async (circle: Circle, last: number, after = 0) => {
    const checked: CheckedRecord[] = [];
    for await (const one of checkLog(circle.log.lines({ after }), { circle: circle.publicKey })) {
      checked.push(one);
      if (one.record.seq >= last) return checked;
    }
    throw new Error("test: expected the log to go on");
  };
  const seqs = (checked: readonly CheckedRecord[]) => checked.map(({ record }) => record.seq);

  it("[M18] comes record by record, each once, over a line that is cut, and looking leaves no record", async () => {
    const [owner, lookingOn] = [await dial(alice), await dial(alice)];
    const following = follow(lookingOn, 300);
    const heads: { seq: number; hash: string }[] = [];
    for (let i = 0; i < 30; i++) {
      if (i % 10 === 5) relay.cut();
      const plays = Array.from({ length: 10 }, (_, n) => owner.play("data.set('n', args)", i * 10 + n).played);
      heads.push(...(await Promise.all(plays)).map(({ log }) => log));
    }
    const checked = await following;
    expect(seqs(checked)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(checked.filter(({ fault, isHashed }) => fault !== undefined || !isHashed)).toEqual([]);
    for (const { seq, hash } of heads) expect(checked[seq - 1]?.hash).toBe(hash);
    const { log } = await owner.play("null").played;
    expect(log.seq).toBe(301);
    expect(seqs(await follow(owner, 301, 299))).toEqual([300, 301]);
  });

  it("[EV10] shows what others are denied, and is not shown to them", async () => {
    const [owner, other] = [await dial(alice), await dial(bob)];
    await owner.policy.set({ grants: [{ to: "*", allow: ["log"] }] });
    const following = follow(owner, 2);
    await expect(other.play("data.get('a')").played).rejects.toThrow("denied");
    await expect(other.log.lines({ after: 0 }).next()).rejects.toMatchObject({
      code: -32003,
      data: { capability: "log" },
    });
    expect(await following).toMatchObject([
      { record: { kind: "play" } },
      { record: { kind: "denials", denials: [{ caller: bob.publicKey, capability: "read:a", plays: 1 }] } },
    ]);
  });

  it("[M18] of a circle that nobody has used yet begins with its first record", async () => {
    const signer = generateKeypair();
    const owner = await dial(signer, signer.publicKey);
    const following = follow(owner, 1);
    await owner.play("data.set('a', 1)");
    expect(await following).toMatchObject([{ record: { seq: 1, writes: ["data/a.json"] }, isHashed: true }]);
  });

  it("[M18] ends as its signal says, and throws when the connection is closed", async () => {
    const owner = await dial(alice);
    const stop = new AbortController();
    const lines = owner.log.lines({ after: 0, signal: stop.signal });
    await owner.play("1");
    expect(await lines.next()).toMatchObject({ value: { line: expect.stringContaining('"seq":1') } });
    const next = lines.next();
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    const others = owner.log.lines();
    const closed = others.next();
    owner.close();
    await expect(closed).rejects.toMatchObject({ name: "ConnectionError" });
    await expect(owner.log.lines({ after: -1 }).next()).rejects.toThrow("after: expected the number of a record");
  });
});
