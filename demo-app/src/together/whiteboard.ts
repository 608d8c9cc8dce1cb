import type { Circle } from "@circles/sdk";

/** One line, as visitors see it: whatever a host lets them see. Points lie in a field of 1,000 by 600. */
export type Stroke = { readonly points: unknown; readonly key: unknown };
export type Point = readonly [x: number, y: number];

/** What the host publishes: visitors can draw and look, and do nothing else to its data. */
export const LIBRARY = `
export function draw(points) {
  const isPoint = (one) => Array.isArray(one) && one.length === 2 && one.every((n) => Number.isInteger(n) && n >= 0 && n <= 1000);
  if (!Array.isArray(points) || points.length > 200 || !points.every(isPoint)) throw new TypeError("expected up to 200 points");
  const stroke = { points, key: CALLER_PUBLIC_KEY };
  data.set("whiteboard", [...strokes(), stroke].slice(-200));
  emit("whiteboard", stroke);
}
export function strokes() {
  return data.get("whiteboard") ?? [];
}
`;

/** Lets anyone draw and look. */
export async function open(own: Circle): Promise<void> {
  await own.policy.grant({ to: "*", allow: ["call:draw"], limits: { plays_per_minute: 120 } });
  await own.policy.grant({
    to: "*",
    allow: ["call:strokes", "subscribe:whiteboard"],
    limits: { plays_per_minute: 60 },
  });
}

export function draw(circle: Circle, points: readonly Point[]): PromiseLike<unknown> {
  return circle.call("draw", points);
}

/** What is drawn there, and then each new line as it comes, until `signal` aborts. */
export async function* follow(circle: Circle, signal: AbortSignal): AsyncGenerator<readonly Stroke[], void> {
  const news = circle.subscribe<Stroke>("whiteboard", { signal });
  let all = await circle.call<Stroke[]>("strokes");
  yield all;
  for await (const { data } of news) {
    all = [...all, data];
    yield all;
  }
}
