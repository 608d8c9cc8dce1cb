import { ConnectionError, DeadlineError, ErrorCode, PlayError, WireError } from "@circles/sdk";

/** Where in the script that was sent something went wrong, counted from 1. */
export type Place = { readonly line: number; readonly column: number };

/** What to tell a person of a failure. Texts of a relay or a stranger's script: to be shown as text only. */
export type Explained = { readonly title: string; readonly message: string; readonly place?: Place };

export function explain(error: unknown): Explained {
  if (error instanceof PlayError) {
    const { line, column, message } = error;
    const place = line === undefined || column === undefined ? {} : { place: { line, column } };
    return { title: "The script failed", message, ...place };
  }
  if (error instanceof WireError) {
    return {
      title: error.code === ErrorCode.Denied ? "The circle's owner does not allow that" : "The relay refused",
      message: error.message,
    };
  }
  if (error instanceof ConnectionError) {
    const hint = `Is a relay running there, and does it let pages of ${location.origin} in (--allow-origin)?`;
    return { title: "No connection", message: `${error.message}. ${hint}` };
  }
  if (error instanceof DeadlineError) return { title: "No answer in time", message: error.message };
  return { title: "That did not work", message: error instanceof Error ? error.message : String(error) };
}
