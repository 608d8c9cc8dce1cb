import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LogHead, type PublicKey, parsePublicKey } from "@circles/sdk/protocol";
import { realDisk } from "./disk.ts";
import type { ExportHeader, ExportTrailer, SegmentHeader } from "./export-circle.ts";
import { Namespace } from "./namespace.ts";
import { isSegmentName } from "./segments.ts";
import { verifyLog } from "./verify-log.ts";

/** What should be a circle's export is none, or not all of it; or the circle cannot be imported. */
class ImportRefused extends Error {
  override name = "ImportRefused";
}

const MOST_LINE_BYTES = 1_024;
const LINE_FEED = 0x0a;

/**
 * Makes a circle of an export: the same log, and from it the same files. Nobody may have the folder open. Resolves with the
 * circle and its head. @throws {ImportRefused} if the circle is there already, or the export is not what was written.
 */
export async function importCircle(given: {
  dbPath: string;
  from: string;
}): Promise<{ circle: PublicKey; head: LogHead }> {
  const { dbPath, from } = given;
  const bytes = new ExportReader(createReadStream(from));
  const { circles_export, circle: key } = await bytes.line<Partial<ExportHeader>>();
  if (circles_export !== 1)
    throw new ImportRefused("import: expected an export of a circle, version 1, got another file");
  const circle = parsePublicKey(String(key));
  if (await exists(join(dbPath, circle))) throw new ImportRefused(`import: circle ${circle} is there already`);
  const aside = join(dbPath, `${circle}.import`);
  await rm(aside, { recursive: true, force: true });
  const folder = join(aside, circle, "logs");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    for (;;) {
      const line = await bytes.line<Partial<SegmentHeader & ExportTrailer>>();
      if (line.sha256 !== undefined) {
        if (line.sha256 === bytes.sha256) break;
        throw new ImportRefused("import: the file was changed after it was written");
      }
      if (
        line.segment === undefined ||
        !isSegmentName(line.segment) ||
        !(Number.isSafeInteger(line.bytes) && Number(line.bytes) >= 0)
      ) {
        throw new ImportRefused("import: expected a segment of a log, got another line");
      }
      await bytes.copy(join(folder, line.segment), line.bytes ?? 0);
    }
    const report = await verifyLog({ folder, circle });
    if (!report || report.damage)
      throw new ImportRefused(`import: the log in it is damaged: ${report?.damage?.why ?? "none"}`);
    const namespace = await Namespace.open({ dbPath: aside, circle }); // what a relay could not open is not imported
    await namespace.close();
    await realDisk.syncFolder(join(aside, circle));
    await rename(join(aside, circle), join(dbPath, circle));
    await realDisk.syncFolder(dbPath);
    await rm(aside, { recursive: true, force: true });
    return { circle, head: report.head };
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** Reads an export from its beginning, and hashes what it reads. */
class ExportReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #hash = createHash("sha256");
  #rest = Buffer.alloc(0);
  /** Of all that was read before the last line. */
  sha256 = "";

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next line, as JSON. @throws {ImportRefused} */
  async line<T>(): Promise<T> {
    while (!this.#rest.includes(LINE_FEED) && this.#rest.length < MOST_LINE_BYTES) await this.#more();
    const end = this.#rest.indexOf(LINE_FEED);
    this.sha256 = this.#hash.copy().digest("hex");
    if (end < 0 || end > MOST_LINE_BYTES) throw new ImportRefused("import: expected a line, got something longer");
    const line = this.#take(end + 1).toString("utf8");
    try {
      return JSON.parse(line) as T;
    } catch {
      throw new ImportRefused("import: expected a line of JSON, got another");
    }
  }

  /** Copies so many bytes into a new file, and reads the line feed behind them. */
  async copy(path: string, bytes: number): Promise<void> {
    const file = await open(path, "wx", 0o600);
    try {
      for await (const chunk of this.#bytes(bytes)) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    while (this.#rest.length === 0) await this.#more();
    this.#take(1);
  }

  async *#bytes(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0) await this.#more();
      const chunk = this.#take(Math.min(left, this.#rest.length));
      left -= chunk.length;
      yield chunk;
    }
  }

  #take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    this.#hash.update(taken);
    return taken;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw new ImportRefused("import: the file ends too early");
    this.#rest = Buffer.concat([this.#rest, value]);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
