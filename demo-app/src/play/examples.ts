export type Example = { readonly title: string; readonly script: string; readonly args?: string };

/** To start from: each shows one thing, and runs in one's own circle as it is. */
export const EXAMPLES: readonly Example[] = [
  {
    title: "Count visits",
    script: `// Runs inside the circle, next to its data.
const visits = (data.get("visits") ?? 0) + 1;
data.set("visits", visits);

print("in the circle of", CIRCLE_PUBLIC_KEY);
({ visits, caller: CALLER_PUBLIC_KEY });
`,
  },
  {
    title: "Show progress",
    script: `for (let step = 1; step <= 10; step++) {
  for (const end = Date.now() + 80; Date.now() < end; ); // some work
  progress(step / 10, \`step \${step} of 10\`);
  if (step % 5 === 0) print(\`\${step} done\`);
}
"finished";
`,
  },
  {
    title: "Keep a note",
    script: `data.set(\`notes/\${args.name}\`, { text: args.text, at: new Date().toISOString() });
data.list("notes/");
`,
    args: `{ "name": "today", "text": "The first note" }`,
  },
  {
    title: "Publish a function",
    script: `// What others may call, once "Who may do what" allows it.
library.set(\`
  export function sign_guestbook(name) {
    if (typeof name !== "string" || name.length > 100) throw new TypeError("name: expected at most 100 characters");
    const guests = data.get("guests") ?? [];
    data.set("guests", [...guests, { name, key: CALLER_PUBLIC_KEY }]);
    return guests.length + 1;
  }
\`);
`,
  },
  {
    title: "Loop for ever",
    script: `// It disturbs nobody: the circle's limits end it, or the Cancel button.
print("here we go");
for (;;);
`,
  },
];
