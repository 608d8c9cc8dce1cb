import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVENT_IDS_PER_RECORD, eventId, firstRecordAfter, isTopic, isTopicName, lastEventId } from "./events.ts";

describe("numbers of events", () => {
  it("[M13] rise with the record and the place in it, and none is another record's", () => {
    expect([eventId({ seq: 1, index: 0 }), lastEventId(0), lastEventId(1)]).toEqual([1, 0, 1_000]);
    const place = fc.record({ seq: fc.integer({ min: 1, max: 2 ** 42 }), index: fc.nat(EVENT_IDS_PER_RECORD - 1) });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const isBefore = a.seq < b.seq || (a.seq === b.seq && a.index < b.index);
        expect(eventId(a) < eventId(b)).toBe(isBefore);
        expect(eventId(a)).toBeLessThanOrEqual(lastEventId(a.seq));
        expect(eventId(a)).toBeGreaterThan(lastEventId(a.seq - 1));
        expect(firstRecordAfter(eventId(a))).toBe(a.index === EVENT_IDS_PER_RECORD - 1 ? a.seq + 1 : a.seq);
        expect(firstRecordAfter(lastEventId(a.seq))).toBe(a.seq + 1);
      }),
    );
  });
});

describe("a topic", () => {
  it.each(["a", "__proto__", "x".repeat(200), "💬", "a\nb", "a/*"])("[M9] can be %j", (topic) => {
    expect(isTopic(topic)).toBe(true);
  });

  it.each(["", "$", "$inbox", "x".repeat(201), "\ud800", 1, null, undefined, {}])("[M9] is not %j", (topic) => {
    expect(isTopic(topic)).toBe(false);
  });

  it("[M9] of the relay's own has a name", () => {
    expect([isTopicName("$inbox"), isTopicName("")]).toEqual([true, false]);
  });
});
