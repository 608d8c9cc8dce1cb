import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import type { Method, Methods } from "./messages.ts";
import type { methodSchemas } from "./openrpc.ts";

// Checked by compiling, not by running: the schemas of the OpenRPC document and `Methods` say the same.

/** A type as JSON Schema can say it: brands left out. */
type Plain<T> = T extends string
  ? string extends T
    ? string
    : T extends { readonly __brand: string }
      ? string
      : T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

/** What a schema allows, without the members that it does not name. */
type Named<T> = T extends readonly (infer Item)[]
  ? Named<Item>[]
  : T extends object
    ? { [K in keyof T as string extends K ? never : K]: Named<T[K]> }
    : T;

type Schema<S> = S extends JSONSchema ? Named<FromSchema<S, { keepDefaultedPropertiesOptional: true }>> : never;
type Assignable<From, To> = [From] extends [To] ? ([keyof From] extends [keyof To] ? true : false) : false;

/** For each method and side: what the schema allows fits the type, and what the type allows fits the schema. */
type Agreement = {
  [M in Exclude<Method, "rpc.discover">]: [
    Assignable<Schema<(typeof methodSchemas)[M]["params"]>, Plain<Methods[M]["params"]>>,
    Assignable<Plain<Methods[M]["params"]>, Schema<(typeof methodSchemas)[M]["params"]>>,
    Assignable<Schema<(typeof methodSchemas)[M]["result"]>, Plain<Methods[M]["result"]>>,
    Assignable<Plain<Methods[M]["result"]>, Schema<(typeof methodSchemas)[M]["result"]>>,
  ];
};

export const agreement: Agreement = {
  fetch_nonce: [true, true, true, true],
  authenticate: [true, true, true, true],
  play: [true, true, true, true],
  cancel: [true, true, true, true],
  attach: [true, true, true, true],
  subscribe: [true, true, true, true],
  unsubscribe: [true, true, true, true],
};
