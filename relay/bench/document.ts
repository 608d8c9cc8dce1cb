/** `document` with `content` between the two marks of this name in it. */
export function replaceSection(document: string, name: string, content: string): string {
  const [BEGIN, END] = [`<!-- begin of ${name} -->`, `<!-- end of ${name} -->`];
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`document: expected a line ${BEGIN} and after it a line ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${content}\n\n${document.slice(end)}`;
}

/** Names and what belongs to them, in one line. */
export function listed(record: Readonly<Record<string, string | number>>): string {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");
}
