import type { PublicKey } from "./ids.ts";
import type { Handlers, Method, Methods, PlayEvent } from "./messages.ts";

// Compiled, never run: each line that must not compile says so. Rules M1, K1, M6 and M11 of SPEC.md. Expressions, for a
// variable that nobody reads would be an error by itself.
declare const complete: Handlers<object>;
declare const text: string;

// @ts-expect-error a gateway that leaves out a method does not compile
(({ play: _play, ...rest }) => rest)(complete) satisfies Handlers<object>;

// @ts-expect-error a method that the wire does not have is no method
"login" satisfies Method;

// @ts-expect-error a text is no public key until it is parsed
text satisfies PublicKey;

// @ts-expect-error logging in has one result
({ authenticated: false }) satisfies Methods["authenticate"]["result"];

// @ts-expect-error there is one lane beside the ordinary one
({ script: "1", lane: "fast" }) satisfies Methods["play"]["params"];

declare const event: PlayEvent;
if (event.kind === "waiting") {
  event.data.expires_at satisfies number;
  // @ts-expect-error what waits says for what, and no text
  event.data satisfies string;
}
