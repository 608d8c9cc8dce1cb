/** What no parser of a text may take, and none may stumble over: every JSON type, and what only JavaScript has. */
export const WRONG_VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  "",
  " ",
  "0",
  "null",
  "undefined",
  "[object Object]",
  "__proto__",
  "\u0000",
  "\ud800",
  "x".repeat(100_000),
  "0".repeat(66),
  Symbol("key"),
  [],
  [""],
  [[]],
  {},
  { length: 66 },
  { toString: () => "02".repeat(33) },
  { valueOf: () => 1 },
  new Proxy({}, {}),
  Object.create(null),
  new Date(0),
  new Map(),
  new Uint8Array(31),
  new Uint8Array(32),
  new Uint8Array(33),
  new ArrayBuffer(32),
  () => "02".repeat(33),
  new String("02".repeat(33)),
  /regular/,
];

/** A short name of such a value, for the titles of tests. */
export function nameOf(value: unknown): string {
  if (typeof value === "string") return value.length > 20 ? `${value.length} characters` : JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}
