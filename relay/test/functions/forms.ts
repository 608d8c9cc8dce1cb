import type { PlayContext } from "@circles/sdk";

type Given = { readonly a: number; readonly b?: number };

const twice = <T>({ args }: PlayContext<T>) => {
  const inner = (value: number) => value * 2;
  function outer(value: number): number {
    return inner(value);
  }
  return outer((args as Given).a);
};

/** A function in every form in which people write them. Each answers twice `args.a`. */
export const forms = {
  arrow: ({ args }: PlayContext<Given>) => args.a * 2,
  "arrow without parentheses": (context: PlayContext<Given>) => context.args.a * 2,
  "async arrow": async ({ args }: PlayContext<Given>) => (await Promise.resolve(args.a)) * 2,
  "arrow with a name inside": twice,
  // biome-ignore lint/complexity/useArrowFunction: forms are what is tested
  "function expression": function ({ args }: PlayContext<Given>) {
    return args.a * 2;
  },
  "named function": function double({ args }: PlayContext<Given>): number {
    return args.a > 100 ? double({ args: { a: 1 } } as PlayContext<Given>) : args.a * 2;
  },
  "async function": async function later({ args }: PlayContext<Given>) {
    return args.a * 2;
  },
  method({ args }: PlayContext<Given>) {
    return args.a * 2;
  },
  async "async method"({ args }: PlayContext<Given>) {
    return args.a * 2;
  },
  async({ args }: PlayContext<Given>) {
    return args.a * 2;
  },
  "default values": ({ args: { a, b = 2 } }: PlayContext<Given>) => a * b,
  "classes inside": ({ args }: PlayContext<Given>) => {
    class Doubler {
      static readonly #factor = 2;
      readonly #value: number;
      constructor(value: number) {
        this.#value = value;
      }
      get result(): number {
        return this.#value * Doubler.#factor;
      }
    }
    return new Doubler(args.a).result;
  },
  "types inside": ({ args, data }: PlayContext<Given>) => {
    enum Factor {
      Two = 2,
    }
    const value = (data.get("nothing")?.a ?? (args satisfies Given).a) as number;
    return value * Factor.Two;
  },
} as const;
