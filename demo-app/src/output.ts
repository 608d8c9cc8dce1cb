import { ConnectionError, type PlayOutput, type ScriptFailure, WireError } from "@circles/sdk";

/** Where a play's words appear. What a relay says is shown as text, never read as HTML. */
export class Output {
  readonly #log: HTMLElement;
  readonly #progress: HTMLProgressElement;

  constructor({ log, progress }: { log: HTMLElement; progress: HTMLProgressElement }) {
    this.#log = log;
    this.#progress = progress;
  }

  clear(): void {
    this.#log.replaceChildren();
    this.#progress.hidden = true;
  }

  /** A line that a script printed, or how far it is. */
  show(output: PlayOutput): void {
    if (output.kind === "print") this.#add("printed", output.data);
    else if (output.kind === "progress") this.#showProgress(output.data);
    else this.#add("printed", `waiting for the circle's owner to allow ${output.data.capability}`);
  }

  result(value: unknown): void {
    this.#add("result", typeof value === "string" ? value : JSON.stringify(value, null, 2));
  }

  failure(error: unknown): void {
    this.#add("failure", explain(error));
  }

  #showProgress({ fraction, note = "" }: { fraction: number; note?: string }): void {
    this.#progress.hidden = false;
    this.#progress.value = fraction;
    this.#progress.title = note;
  }

  #add(kind: "printed" | "result" | "failure", text: string): void {
    const line = document.createElement("pre");
    line.className = kind;
    line.textContent = text;
    this.#log.append(line);
  }
}

function explain(error: unknown): string {
  if (error instanceof WireError) return error.message + whereInScript(error);
  if (error instanceof ConnectionError) {
    return `${error.message}\nIs a relay running there, started with --allow-origin ${location.origin}?`;
  }
  return error instanceof Error ? error.message : String(error);
}

function whereInScript({ data }: WireError): string {
  const { line, column } = (data ?? {}) as Partial<ScriptFailure>;
  return line === undefined ? "" : `\nline ${line}, column ${column}`;
}
