import { describe, expect, it } from "vitest";
import { oneLine, Terminal } from "./terminal.ts";

/** What a terminal gets that somebody looks at. */
function seen({ json = false } = {}) {
  let text = "";
  const stream = {
    isTTY: true,
    columns: 80,
    write: (more: string) => {
      text += more;
    },
  };
  const terminal = new Terminal({ out: stream, err: stream, json, env: { NO_COLOR: "1" } });
  return { terminal, text: () => text };
}

/** Clears the screen: by ESC, and by the one character that is the same; turns text round; deletes. */
const STEERING = ["\u001b[2J", "\u009b2J", "\u202e", "\u007f", "\u009d0;title\u009c", "\r"];
const STEERS = /(?![\n])[\p{Cc}\p{Bidi_Control}]/u;

describe("Terminal", () => {
  it.each(STEERING)("[CC5] is not steered by %j, in whatever a stranger says", (steering) => {
    for (const json of [false, true]) {
      const { terminal, text } = seen({ json });
      const said = `a${steering}b`;
      const value = { [said]: [said] };
      terminal.result(said);
      terminal.result(value);
      terminal.item(value, said);
      terminal.output({ seq: 1, kind: "print", data: said });
      terminal.output({ seq: 2, kind: "waiting", data: { capability: said, expires_at: 1 } });
      terminal.say(said);
      terminal.fail({ message: said, data: value }, said);
      expect(text()).not.toMatch(STEERS);
    }
  });

  it("[CC2] says in JSON what it was given", () => {
    const { terminal, text } = seen({ json: true });
    const value = Object.fromEntries(STEERING.map((steering, i) => [`${steering}${i}`, `é ${steering}`]));
    terminal.item(value, "");
    expect(JSON.parse(text())).toEqual(value);
  });

  it.each([-5, 7, 1e300, Number.NaN, "half"])(
    "[CC5] draws no bar of %s, which only a relay that lies tells",
    (fraction) => {
      const { terminal, text } = seen();
      terminal.output({ seq: 1, kind: "progress", data: { fraction: fraction as number, note: "\n\n" } });
      expect(text().length).toBeLessThan(100);
      expect(text()).not.toContain("\n");
    },
  );

  it("[CC5] shows a stranger's text in one line where a line is one thing", () => {
    expect(oneLine("a\nb\r\n\tc\u2028d\u2029e\u0085f\vg")).toBe("a b c d e f g");
  });
});
