import type { Grant } from "@circles/sdk";

/** What a grant may be about. Those without a placeholder are named by themselves. */
export const KINDS = [
  { kind: "call", title: "call the function", placeholder: "sign_guestbook" },
  { kind: "read", title: "read documents", placeholder: "notes/**" },
  { kind: "write", title: "write documents", placeholder: "suggestions/*" },
  { kind: "subscribe", title: "be told of the topic", placeholder: "chat" },
  { kind: "emit", title: "tell subscribers of the topic", placeholder: "chat" },
  { kind: "log", title: "read my log", placeholder: undefined },
  { kind: "inbox", title: "answer my inbox", placeholder: undefined },
  { kind: "library", title: "replace my functions", placeholder: undefined },
  { kind: "policy", title: "change who may do what", placeholder: undefined },
] as const;

export type Deed = { readonly kind: string; readonly what: string };

/** When a grant is to end: in so many hours, as it does already, or never. */
export type Ending = "never" | "kept" | `${number}`;

/** A grant as it is filled in. Of `base`, what the form does not show stays as it is. */
export type Draft = {
  readonly base: Grant | undefined;
  readonly to: string;
  readonly deeds: readonly Deed[];
  readonly rate: string;
  readonly ends: Ending;
  readonly asks: boolean;
};

export const EMPTY: Draft = {
  base: undefined,
  to: "*",
  deeds: [{ kind: "call", what: "" }],
  rate: "30",
  ends: "never",
  asks: false,
};

const HOUR_MS = 3_600_000;

export function draftOf(grant: Grant): Draft {
  return {
    base: grant,
    to: grant.to,
    deeds: grant.allow.map(deedOf),
    rate: String(grant.limits?.plays_per_minute ?? ""),
    ends: grant.expires === undefined ? "never" : "kept",
    asks: grant.approval === "ask",
  };
}

/** `undefined` while something is missing. */
export function grantOf({ base, to, deeds, rate, ends, asks }: Draft, now = Date.now()): Grant | undefined {
  const allow = deeds.map(capabilityOf);
  const isWhole = to !== "" && allow.length > 0 && allow.every((capability) => capability !== undefined);
  if (!isWhole) return undefined;
  const { approval: _, expires, limits = {}, ...rest } = base ?? {};
  const { plays_per_minute: __, ...otherLimits } = limits;
  const perMinute = Math.floor(Number(rate));
  const kept = { ...otherLimits, ...(perMinute >= 1 ? { plays_per_minute: perMinute } : {}) };
  const until = ends === "kept" ? expires : endOf(ends, now);
  return {
    ...rest,
    to,
    allow,
    ...(Object.keys(kept).length > 0 ? { limits: kept } : {}),
    ...(until === undefined ? {} : { expires: until }),
    ...(asks ? { approval: "ask" as const } : {}),
  };
}

/** `undefined` while a name is missing. */
export function capabilityOf({ kind, what }: Deed): string | undefined {
  if (namingOf(kind) === undefined) return kind;
  return what === "" ? undefined : `${kind}:${what}`;
}

/** What is named where a deed of this kind is; `undefined` for one that needs no name. */
export function namingOf(kind: string): string | undefined {
  return KINDS.find((one) => one.kind === kind)?.placeholder;
}

function deedOf(capability: string): Deed {
  const [kind = "", ...what] = capability.split(":");
  return { kind, what: what.join(":") };
}

function endOf(ends: Ending, now: number): string | undefined {
  if (ends === "never" || ends === "kept") return undefined;
  return new Date(now + Number(ends) * HOUR_MS).toISOString();
}
