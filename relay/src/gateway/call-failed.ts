/** A call ended with what is not for the wire; `about` is what its log line says beside `cause`. */
export class CallFailed extends Error {
  override name = "CallFailed";
  readonly about: object;

  constructor(cause: unknown, about: object) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.about = about;
  }
}
