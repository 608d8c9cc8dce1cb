// For `node --import`: the first order that fails is enough, a shorter one is not looked for.
import fc from "fast-check";

fc.configureGlobal({ endOnFailure: true });
