import { stripVTControlCharacters, styleText } from "node:util";
import type { PlayOutput, Progress } from "../protocol/messages.ts";

type Stream = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

export type TerminalOptions = {
  readonly out: Stream;
  readonly err: Stream;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
};

const BAR_WIDTH = 24;
/** What steers a terminal, or turns what it shows round. */
const STEERING = /[\p{Cc}\p{Bidi_Control}]/gu;
const SHOWN = new Set(["\n", "\t"]);

/** Results on one stream, what happens meanwhile on the other: a bar where somebody looks, plain lines elsewhere. */
export class Terminal {
  readonly json: boolean;
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #isColourful: boolean;
  #bar = "";

  constructor({ out, err, json, env }: TerminalOptions) {
    this.json = json;
    this.#out = out;
    this.#err = err;
    this.#isColourful = err.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  }

  /** A result. A text goes out as it is, anything else as JSON. */
  result(value: unknown): void {
    this.#clear();
    if (this.json) this.#out.write(`${jsonOf({ result: value ?? null })}\n`);
    else if (typeof value === "string") this.#out.write(`${this.#plain(value, this.#out)}\n`);
    else this.#out.write(`${jsonOf(value ?? null, this.#out.isTTY ? 2 : 0)}\n`);
  }

  /** One of several things, such as a record: an object for programs, a line for people. */
  item(value: object, line: string): void {
    this.#clear();
    this.#out.write(`${this.json ? jsonOf(value) : this.#plain(line, this.#out)}\n`);
  }

  /** What a play says while it runs. */
  output(output: PlayOutput): void {
    if (this.json) {
      this.#out.write(`${jsonOf(output)}\n`);
    } else if (output.kind === "print") {
      this.#clear();
      this.#err.write(`${this.#plain(output.data)}\n`);
      this.#draw();
    } else if (output.kind === "progress") this.#progress(output.data);
    else this.say(`waits for the circle's owner: ${output.data.capability}`);
  }

  /** For people only. */
  say(text: string): void {
    if (this.json) return;
    this.#clear();
    this.#err.write(`${this.#styled("dim", this.#plain(text))}\n`);
  }

  fail(error: { readonly message: string; readonly code?: number; readonly data?: unknown }, hint = ""): void {
    this.#clear();
    const { message, code, data } = error;
    if (this.json) this.#out.write(`${jsonOf({ error: { message, code, data } })}\n`);
    else
      this.#err.write(`${this.#styled("red", this.#plain(message))}\n${hint === "" ? "" : `${this.#plain(hint)}\n`}`);
  }

  #progress({ fraction, note = "" }: Progress): void {
    const done = fraction >= 0 && fraction <= 1 ? fraction : 0;
    const filled = Math.round(done * BAR_WIDTH);
    const percent = `${Math.round(done * 100)} %`.padStart(5);
    if (!this.#err.isTTY) return; // a bar in a file helps nobody
    this.#clear();
    const text = `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${percent} ${this.#plain(oneLine(note))}`;
    this.#bar = text.slice(0, (this.#err.columns ?? 80) - 1);
    this.#draw();
  }

  #draw(): void {
    if (this.#bar !== "") this.#err.write(this.#bar);
  }

  #clear(): void {
    if (this.#bar !== "") this.#err.write("\r\u001b[K");
  }

  /** Ends the bar: nothing is under way any more. */
  rest(): void {
    this.#clear();
    this.#bar = "";
  }

  /** What a stranger's script says must not steer the terminal; a program that reads gets it as it is. */
  #plain(text: string, stream = this.#err): string {
    if (!stream.isTTY) return text;
    return stripVTControlCharacters(text).replace(STEERING, (character) =>
      SHOWN.has(character) ? character : "\ufffd",
    );
  }

  #styled(style: "dim" | "red", text: string): string {
    return this.#isColourful ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** A stranger's text where a line is one thing: it does not begin another one. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u0085]+/g, " ");
}

/** JSON escapes some of what steers a terminal, and all of it can be. */
function jsonOf(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(STEERING, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
