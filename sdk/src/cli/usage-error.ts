/** The command line makes no sense; the message is for whoever typed it. */
export class UsageError extends Error {
  override name = "UsageError";
}
