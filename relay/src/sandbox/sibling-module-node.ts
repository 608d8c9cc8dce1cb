/**
 * The URL of a module beside `importer`, for `new Worker`. Sources are `.ts` (tests, development) and what is published
 * is `.js`; the compiler rewrites the endings of imports, not of URLs.
 */
export function siblingModule(name: string, importer: string): URL {
  return new URL(`./${name}${importer.endsWith(".ts") ? ".ts" : ".js"}`, importer);
}
