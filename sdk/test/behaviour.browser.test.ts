import { describe, inject } from "vitest";
import { behaviourContract } from "./behaviour-contract.ts";

const { cutUrl, ...place } = inject("place");

describe(`[S15] the SDK on a page in ${navigator.userAgent}`, () => {
  behaviourContract(() => ({ ...place, cut: () => fetch(cutUrl) }));
});
