import { EngineFailure, type Evaluated, type Handle, type QuickjsEngine } from "./quickjs-engine.ts";

/** Evaluates a prelude in an engine that just started. Answers its functions by their names. */
export function loadPrelude<Name extends string>(
  engine: QuickjsEngine,
  source: string,
  names: readonly Name[],
): Record<Name, Handle> {
  const must = (evaluated: Evaluated): Handle => {
    if (evaluated.ok) return evaluated.value;
    throw new EngineFailure("quickjs: the prelude does not run");
  };
  const prelude = must(engine.call(must(engine.evaluate(source, "prelude")), engine.hostFunction()));
  const member = (name: Name) => must(engine.call(must(engine.evaluate(`(o) => o.${name}`, "prelude")), prelude));
  return Object.fromEntries(names.map((name) => [name, member(name)])) as Record<Name, Handle>;
}
