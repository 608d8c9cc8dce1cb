import type { Circle } from "@circles/sdk";

/** One entry, as visitors see it: whatever a host lets them see. */
export type Entry = { readonly name: unknown; readonly text: unknown; readonly key: unknown };

/** What the host publishes: visitors can sign and read, and do nothing else to its data. */
export const LIBRARY = `
export function sign(name, text) {
  for (const one of [name, text]) {
    if (typeof one !== "string" || one === "" || one.length > 200) throw new TypeError("expected 1 to 200 characters");
  }
  const entry = { name, text, key: CALLER_PUBLIC_KEY };
  data.set("guestbook", [...entries(), entry].slice(-100));
  emit("guestbook", entry);
}
export function entries() {
  return data.get("guestbook") ?? [];
}
`;

/** Lets anyone sign and read. */
export async function open(own: Circle): Promise<void> {
  await own.policy.grant({ to: "*", allow: ["call:sign"], limits: { plays_per_minute: 10 } });
  await own.policy.grant({ to: "*", allow: ["call:entries", "subscribe:guestbook"], limits: { plays_per_minute: 60 } });
}

export function sign(circle: Circle, name: string, text: string): PromiseLike<unknown> {
  return circle.call("sign", name, text);
}

/** What is written there, and then each new entry as it comes, until `signal` aborts. */
export async function* follow(circle: Circle, signal: AbortSignal): AsyncGenerator<readonly Entry[], void> {
  const news = circle.subscribe<Entry>("guestbook", { signal });
  let all = await circle.call<Entry[]>("entries");
  yield all;
  for await (const { data } of news) {
    all = [...all, data];
    yield all;
  }
}
