/** What a newcomer finds in the editor: each thing that a script can do, once. */
export const EXAMPLE = `print("in the circle of", CIRCLE_PUBLIC_KEY);

const visits = (data.get("visits") ?? 0) + 1;
data.set("visits", visits);

for (let step = 1; step <= 4; step++) {
  progress(step / 4, \`step \${step} of 4\`);
}

({ visits, caller: CALLER_PUBLIC_KEY });
`;
