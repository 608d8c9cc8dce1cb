import type { Circle, InboxNotice, LogRecord, Play, PlayContext, PolicyDocument } from "./index.ts";
import { connect, type Signer } from "./index.ts";

// Compiled, never run: each line that must not compile says so. Rules S2, S6 and S7 of SPEC.md. Expressions, for a
// variable that nobody reads would be an error by itself.
declare const circle: Circle;
declare const signer: Signer;
declare const context: PlayContext<{ name: string }>;

circle.policy.get() satisfies Play<PolicyDocument>;
circle.call<string>("sign_guestbook", "Alice", { age: 7 }) satisfies Play<string>;
for await (const notice of circle.inbox.watch()) notice satisfies InboxNotice;
for await (const record of circle.log.records()) {
  record satisfies LogRecord;
  if (record.kind === "play" && record.status === "completed") record.writes satisfies readonly string[];
  // @ts-expect-error not every record is a play's
  record.caller satisfies string;
}

circle.play(({ args }) => args.a + 1, { a: 1 }) satisfies Play<number>;
circle.play(async ({ args }) => [args], "x") satisfies Play<string[]>;
circle.play(({ data }) => data.set("a", 1)) satisfies Play<null>;
(await circle.play(({ args }) => args.length, "text")) satisfies number;
// @ts-expect-error the arguments are those of the function
circle.play(({ args }: PlayContext<{ a: number }>) => args.a, { b: 1 });
// @ts-expect-error a function that takes arguments is given some
circle.play(({ args }: PlayContext<{ a: number }>) => args.a);
// @ts-expect-error a sum is no text
(await circle.play(({ args }) => args.a + 1, { a: 1 })) satisfies string;
// @ts-expect-error a play is no result before it was awaited
circle.play(({ args }) => args.a + 1, { a: 1 }) satisfies number;
// @ts-expect-error nobody plays before the login has succeeded
connect("ws://localhost:8090/02", { signer }).play("1");
// @ts-expect-error whoever connects has to be somebody
await connect("ws://localhost:8090/02", {});
// @ts-expect-error a script sees what there is
circle.play(({ fetch }) => fetch("https://example.org"));
// @ts-expect-error a connection tells of three things
circle.on("lost", () => {});

// @ts-expect-error a grant says what it allows
circle.policy.grant({ to: "*" });
// @ts-expect-error what is allowed is a list
circle.policy.grant({ to: "*", allow: "read:**" });
// @ts-expect-error a library is a text
circle.library.set(() => 1);
// @ts-expect-error once or always is said by name
circle.inbox.allow("0".repeat(32), true);
// @ts-expect-error a reason is a text
circle.inbox.deny("0".repeat(32), { reason: "no" });
// @ts-expect-error the log is numbered
circle.log.read({ after: "3" });
// @ts-expect-error there is one lane beside the ordinary one
circle.play("1", null, { lane: "fast" });

context.circle.sign_guestbook(context.args.name) satisfies string;
context.files.read("a.txt") satisfies string | undefined;
context.files.read("a.png", "bytes") satisfies Uint8Array | undefined;
context.owner satisfies string;
// @ts-expect-error the circle's own functions are an object, its key is the owner's
context.circle satisfies string;
// @ts-expect-error bytes are no text
context.files.read("a.png", "bytes") satisfies string | undefined;
// @ts-expect-error who may not read a document does not learn whether there was one
context.data.delete("a") satisfies boolean;
