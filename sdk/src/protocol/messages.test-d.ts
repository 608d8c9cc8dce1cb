import type { PublicKey } from "./ids.ts";
import type { Handlers, Method, Methods } from "./messages.ts";

// Compiled, never run: each line that must not compile says so. Rules M1 and K1 of SPEC.md.
declare const complete: Handlers<object>;
declare const text: string;

// @ts-expect-error a gateway that leaves out a method does not compile
const _incomplete: Handlers<object> = (({ play: _play, ...rest }) => rest)(complete);

// @ts-expect-error a method that the wire does not have is no method
const _unknown: Method = "login";

// @ts-expect-error a text is no public key until it is parsed
const _key: PublicKey = text;

// @ts-expect-error logging in has one result
const _result: Methods["authenticate"]["result"] = { authenticated: false };
