import { describe, expect, it } from "vitest";
import { type DirectPlay, holding, makeInstance, playIn } from "../../test/instance-under-test.ts";

const LIBRARY = `
export const tell = (topic, value) => emit(topic, value);
export const tellAndFail = () => { emit("chat", "library"); throw new Error("no") };
`;
const FILES = { "config/library.js": { text: LIBRARY } };

const instance = makeInstance();
const play = (script: string, given: DirectPlay = {}) => playIn(instance, script, { files: FILES, ...given });
const chat = (value: unknown) => ({ topic: "chat", json: JSON.stringify(value) });

describe("emit", () => {
  it("[SB32] comes with the result, in order, whatever the topic is called", () => {
    const script = `
      emit("chat", { a: [1, null], ["__proto__"]: 2 });
      for (const topic of ["__proto__", "constructor", "a/b*", "💬\\n", "x".repeat(200)]) emit(topic, topic.length);
      context.emit("chat", "last")`;
    expect(play(script).emitted).toEqual([
      { topic: "chat", json: '{"a":[1,null],"__proto__":2}' },
      { topic: "__proto__", json: "9" },
      { topic: "constructor", json: "11" },
      { topic: "a/b*", json: "4" },
      { topic: "💬\n", json: "3" },
      { topic: "x".repeat(200), json: "200" },
      chat("last"),
    ]);
  });

  it("[SB32] is nothing where nothing is emitted, or the script does not end with a value", () => {
    expect(play("1")).not.toHaveProperty("emitted");
    for (const end of ["throw new Error()", "for (;;);", "data.get('..')", "() => {}"]) {
      expect(play(`emit("chat", 1); ${end}`, { limits: { cpuMs: 50 } })).not.toHaveProperty("emitted");
    }
  });

  it.each(["''", "1", "undefined", "'$inbox'", "'$'", "'x'.repeat(201)", "'\\ud800'", "null", "{}"])(
    "[SB32] refuses %s for a topic, whoever asks",
    (topic) => {
      for (const authority of [undefined, holding()]) {
        expect(play(`emit(${topic}, 1)`, { authority }).end).toMatchObject({ kind: "thrown", name: "TypeError" });
        expect(play(`events.read(${topic})`, { authority }).end).toMatchObject({ kind: "thrown", name: "TypeError" });
      }
    },
  );

  it.each(["undefined", "() => {}", "1n", "(() => { const a = []; a.push(a); return a })()"])(
    "[SB32] refuses %s for a value",
    (value) => {
      const { end, emitted } = play(`try { emit("chat", ${value}) } catch (e) { emit("chat", "caught"); e.name }`);
      expect(end).toMatchObject({ output: "TypeError" });
      expect(emitted).toEqual([chat("caught")]);
    },
  );

  it("[SB32] needs emit:<topic>, of its caller only", () => {
    const authority = holding("emit:chat");
    expect(play("emit('chat', 1)", { authority }).emitted).toEqual([chat(1)]);
    expect(play("try { emit('news', 1) } catch {}", { authority })).toMatchObject({
      end: { kind: "denied", capability: "emit:news" },
    });
    expect(authority.asked).toEqual(["emit:chat", "emit:news"]);
  });

  it("[SB18] a library emits whoever calls, and nothing where the call throws", () => {
    const authority = holding("call:tell", "call:tellAndFail", "emit:own");
    const script = `
      emit("own", 1);
      circle.tell("chat", "from the library");
      try { circle.tellAndFail() } catch {}
      circle.tell("chat", 2)`;
    expect(play(script, { authority }).emitted).toEqual([
      { topic: "own", json: "1" },
      chat("from the library"),
      chat(2),
    ]);
  });

  it("[SB32] ends a script that emits more than 100 events or 64 KiB, and it emitted nothing", () => {
    expect(play("for (let i = 0; i < 100; i++) emit('chat', i)").emitted).toHaveLength(100);
    const many = play("for (let i = 0; i < 101; i++) try { emit('chat', i) } catch {}");
    expect(many).toMatchObject({ end: { kind: "limit", limit: "emitted_events", used: 101, allowed: 100 } });
    expect(many).not.toHaveProperty("emitted");
    expect(play("emit('chat', 'é'.repeat(32 * 1024 - 3))").emitted).toHaveLength(1);
    for (const script of ["emit('chat', 'é'.repeat(32 * 1024 - 2))", "emit('chat', 'x'.repeat(1e6))"]) {
      expect(play(script).end).toMatchObject({ kind: "limit", limit: "emitted_bytes", allowed: 65_536 });
    }
    const within = "for (let i = 0; i < 200; i++) try { circle.tellAndFail() } catch {}; emit('chat', 1)";
    expect(play(within).emitted).toEqual([chat(1)]);
  });

  it("[SB20] throws in the control lane, before anything is asked", () => {
    const authority = holding();
    expect(play("emit('chat', 1)", { authority, lane: "control" }).end).toMatchObject({
      kind: "thrown",
      name: "TypeError",
    });
    expect(authority.asked).toEqual([]);
  });

  it("[SB19] events.read is a tool that needs subscribe:<topic>", () => {
    const tools = { call: (operation: string, args: readonly unknown[]) => [operation, ...args] };
    const authority = holding("subscribe:chat");
    const { end } = play("[events.read('chat'), events.read('chat', { after: 1 })]", { authority, tools });
    expect(end).toMatchObject({ output: '[["events.read","chat"],["events.read","chat",{"after":1}]]' });
    expect(play("events.read('news')", { authority, tools }).end).toMatchObject({
      kind: "denied",
      capability: "subscribe:news",
    });
  });
});
