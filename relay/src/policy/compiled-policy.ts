import { hash } from "node:crypto";
import type { Grant, GrantLimits, PolicyDocument, PublicKey, Sha256 } from "@circles/sdk/protocol";
import type { PlayAuthority, PlayGrant, PlayLimits } from "./authority.ts";

/** Of whom, and with which script. */
export type Asked = {
  readonly caller: PublicKey;
  readonly script: Sha256;
  /** Unix milliseconds. Default: now. */
  readonly now?: number;
};

type Compiled = {
  readonly grant: PlayGrant;
  readonly to: string;
  readonly scripts: ReadonlySet<string> | undefined;
  /** Those that count over plays. */
  readonly rates: Rates;
};
export type Rates = { readonly perCaller?: number; readonly inTotal?: number };

const EVERYBODY = "*";

/** A policy, made ready to be asked for what one caller holds. Asking costs as much as the caller has grants. */
export class CompiledPolicy {
  readonly #grants: readonly Compiled[];
  /** Places in `#grants`, by `to`. */
  readonly #places = new Map<string, number[]>();
  readonly #groupsOf = new Map<PublicKey, string[]>();
  readonly #byId = new Map<string, Compiled>();
  readonly refusesUnsigned: boolean;
  readonly #revokedDevices: ReadonlySet<string>;

  constructor({ groups = {}, grants, unsigned, revoked_devices }: PolicyDocument) {
    this.refusesUnsigned = unsigned === "refuse";
    this.#revokedDevices = new Set(revoked_devices);
    this.#grants = grants.map(compile);
    for (const [place, compiled] of this.#grants.entries()) {
      if (this.#byId.has(compiled.grant.id)) continue; // the same again gives nothing more, and would count plays twice
      add(this.#places, compiled.to, place);
      this.#byId.set(compiled.grant.id, compiled);
    }
    for (const [group, keys] of Object.entries(groups)) {
      for (const key of new Set(keys)) add(this.#groupsOf, key, group);
    }
  }

  /** The grants that matter for a play, in the order of the policy. */
  grantsOf({ caller, script, now = Date.now() }: Asked): PlayGrant[] {
    const audiences = [EVERYBODY, caller, ...(this.#groupsOf.get(caller) ?? [])];
    const places = audiences.flatMap((audience) => this.#places.get(audience) ?? []);
    return places
      .toSorted((a, b) => a - b)
      .flatMap((place) => {
        const compiled = this.#grants[place];
        return compiled && isActive(compiled, script, now) ? [compiled.grant] : [];
      });
  }

  /** Does the grant with this id still give this caller and script something? */
  gives(id: string, { caller, script, now = Date.now() }: Asked): boolean {
    const compiled = this.#byId.get(id);
    if (!compiled || !isActive(compiled, script, now)) return false;
    const { to } = compiled;
    return to === EVERYBODY || to === caller || (this.#groupsOf.get(caller)?.includes(to) ?? false);
  }

  revokes(device: string): boolean {
    return this.#revokedDevices.has(device);
  }

  ratesOf(id: string): Rates {
    return this.#byId.get(id)?.rates ?? {};
  }
}

/** The text of a play's authority, for `openAuthority`. */
export function writeAuthority(authority: PlayAuthority): string {
  return JSON.stringify(authority);
}

function compile(grant: Grant): Compiled {
  const { to, allow, approval, scripts, expires, limits } = grant;
  const { plays_per_minute, in_total } = limits ?? {};
  const playLimits = limitsOf(limits);
  return {
    to,
    scripts: scripts ? new Set(scripts) : undefined,
    rates: {
      ...(plays_per_minute === undefined ? {} : { perCaller: plays_per_minute }),
      ...(in_total === undefined ? {} : { inTotal: in_total.plays_per_minute }),
    },
    grant: {
      id: hash("sha256", JSON.stringify(grant)).slice(0, 16),
      allow,
      ...(approval === "ask" ? { ask: true } : {}),
      ...(expires === undefined ? {} : { expires: Date.parse(expires) }),
      ...(Object.keys(playLimits).length > 0 ? { limits: playLimits } : {}),
    },
  };
}

function isActive({ grant: { expires }, scripts }: Compiled, script: Sha256, now: number): boolean {
  if (expires !== undefined && expires <= now) return false;
  return !scripts || scripts.has(`sha256:${script}`);
}

function limitsOf({ cpu_ms, wall_ms, memory_bytes, output_bytes, storage_bytes }: GrantLimits = {}): PlayLimits {
  return {
    ...(cpu_ms === undefined ? {} : { cpuMs: cpu_ms }),
    ...(wall_ms === undefined ? {} : { wallMs: wall_ms }),
    ...(memory_bytes === undefined ? {} : { memoryBytes: memory_bytes }),
    ...(output_bytes === undefined ? {} : { outputBytes: output_bytes }),
    ...(storage_bytes === undefined ? {} : { storageBytes: storage_bytes }),
  };
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
