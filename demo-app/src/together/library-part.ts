/** Puts a part into a library, in the place of the one of this name that is there. What is around it stays as it is. */
export function putPart(library: string, name: string, part: string): string {
  const [begin, end] = [`// The ${name} of the demo app begins here.\n`, `// The ${name} of the demo app ends here.\n`];
  const marked = `${begin}${part.trim()}\n${end}`;
  const from = library.indexOf(begin);
  const to = library.indexOf(end, from);
  if (from >= 0 && to >= 0) return `${library.slice(0, from)}${marked}${library.slice(to + end.length)}`;
  const before = library === "" || library.endsWith("\n") ? library : `${library}\n`;
  return `${before}${marked}`;
}
