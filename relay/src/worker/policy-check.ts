import { type PolicyVerdict, type PublicKey, parsePublicKey, type Sha256 } from "@circles/sdk/protocol";
import { openAuthority } from "../policy/authority.ts";
import { parseCapability } from "../policy/capability.ts";
import { CompiledPolicy, writeAuthority } from "../policy/compiled-policy.ts";
import { RefusedName, type ToolFiles } from "../sandbox/sandbox.ts";
import { POLICY_PATH } from "./circle-paths.ts";
import { readPolicy } from "./policy-text.ts";

/** The hash of no script: grants for particular scripts do not count. */
const NO_SCRIPT = "" as Sha256;

/**
 * What a play of `peer` would hear that needs `capability` now, by the same reading of the policy by which plays are judged.
 * Rates do not count, and neither do grants for particular scripts. @throws {RefusedName}
 */
export function checkPolicy(files: ToolFiles, peer: unknown, capability: unknown): PolicyVerdict {
  const caller = parsePeer(peer);
  if (typeof capability !== "string" || capability.includes("*") || !parseCapability(capability)) {
    throw new RefusedName(
      "policy.check: expected a capability without *, such as read:notes/today, got something else",
    );
  }
  if (caller === files.circle) return "allowed";
  const policy = new CompiledPolicy(readPolicy(files.readText(POLICY_PATH)));
  const authority = { script: NO_SCRIPT, grants: policy.grantsOf({ caller, script: NO_SCRIPT }), approved: [] };
  const { kind } = openAuthority(writeAuthority(authority)).check(capability);
  if (kind === "held") return "allowed";
  return kind === "ask" ? "asks" : "denied";
}

function parsePeer(value: unknown): PublicKey {
  try {
    return parsePublicKey(value);
  } catch (error) {
    throw new RefusedName(`policy.check: ${error instanceof Error ? error.message : "expected a public key"}`);
  }
}
