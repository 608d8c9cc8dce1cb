import { describe, expect, it } from "vitest";
import type { Event } from "../task.ts";
import { HeldEvents } from "./held-events.ts";

const event = (seq: number): Event => ({ seq, kind: "print", data: "x" });

describe("HeldEvents", () => {
  const hold = () => {
    const seen: number[] = [];
    return { seen, events: new HeldEvents(({ seq }) => seen.push(seq)) };
  };

  it("[WK11] keep everything until they are released, then let it out in order", () => {
    const { seen, events } = hold();
    for (const seq of [1, 2]) events.add(event(seq));
    expect(seen).toEqual([]);
    events.release();
    expect(seen).toEqual([1, 2]);
    events.add(event(3));
    events.release();
    expect(seen).toEqual([1, 2, 3]);
  });

  it("[WK11] let nothing out once they are discarded, whatever comes first", () => {
    const { seen, events } = hold();
    events.add(event(1));
    events.discard();
    events.release();
    events.add(event(2));
    expect(seen).toEqual([]);
  });
});
