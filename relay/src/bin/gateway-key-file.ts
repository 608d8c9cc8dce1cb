import { readFile, writeFile } from "node:fs/promises";
import { GatewayKey } from "../signatures/gateway-key.ts";
import { UsageError } from "./option-values.ts";

/** Reads a gateway's secret, and makes one where there is none, for nobody else to read. @throws {UsageError} */
export async function readGatewayKey(path: string): Promise<GatewayKey> {
  try {
    await writeFile(path, `${GatewayKey.makeSecret()}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const text = (await readFile(path, "utf8")).trim();
  try {
    return GatewayKey.from(text);
  } catch (error) {
    throw new UsageError(`--gateway-key-file: ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
