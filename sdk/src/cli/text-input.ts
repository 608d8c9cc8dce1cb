import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { UsageError } from "./usage-error.ts";

/** A file's text, or standard input's for `-`. */
export async function readText(file: string): Promise<string> {
  if (file === "-") return readStandardInput();
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** From a file, or asked for without showing it. */
export async function readPassphrase(file: string | undefined, { twice = false } = {}): Promise<string> {
  if (file !== undefined) return (await readText(file)).replace(/\r?\n$/, "");
  if (!process.stdin.isTTY) throw new UsageError("--passphrase-file: expected it where nobody can be asked");
  const first = await askHidden("Passphrase: ");
  if (twice && (await askHidden("Once more: ")) !== first) throw new UsageError("passphrase: expected the same twice");
  return first;
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  // Whatever is echoed goes nowhere.
  const lines = createInterface({
    input: process.stdin,
    terminal: true,
    output: new (await import("node:stream")).PassThrough(),
  });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
