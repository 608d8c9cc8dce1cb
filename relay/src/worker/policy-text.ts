import type { PolicyDocument } from "@circles/sdk/protocol";
import { PolicyRefused, parsePolicy } from "../policy/policy-file.ts";
import { RefusedName } from "../sandbox/sandbox.ts";

/** The policy of a circle without one: nobody but the owner may do anything. */
const NO_GRANTS: PolicyDocument = { grants: [] };

/** What `config/policy.json` says. @throws {RefusedName} that says why nobody but the owner may do anything now. */
export function readPolicy(text: string | undefined): PolicyDocument {
  return text === undefined ? NO_GRANTS : telling(() => parsePolicy(JSON.parse(text)));
}

/** A policy as it is kept: for a person to read. @throws {RefusedName} that names what is wrong with it. */
export function writePolicy(value: unknown): string {
  return `${JSON.stringify(
    telling(() => parsePolicy(value)),
    null,
    2,
  )}\n`;
}

function telling<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PolicyRefused || error instanceof SyntaxError) throw new RefusedName(error.message);
    throw error;
  }
}
