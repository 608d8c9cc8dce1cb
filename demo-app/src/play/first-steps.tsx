import { signal } from "@preact/signals";

const SEEN = "circles-first-steps";
const isSeen = signal(localStorage.getItem(SEEN) !== null);

/** What a circle is, and what to try first; whoever has seen it does not see it again. */
export function FirstSteps() {
  if (isSeen.value) return null;
  return (
    <section class="first-steps" aria-label="First steps">
      <p>
        <strong>A circle is data and functions on a relay that belong to one key.</strong> Yours was made in this
        browser just now. Nobody else may do anything in your circle until you say so.
      </p>
      <ol>
        <li>Press Run: the script travels to your circle and runs there, next to its data.</li>
        <li>Press Side by side: a second peer tries the same in your circle, and is denied.</li>
        <li>Allow it under “Who may do what”, and run it again.</li>
      </ol>
      <button
        type="button"
        class="small"
        onClick={() => {
          localStorage.setItem(SEEN, "yes");
          isSeen.value = true;
        }}
      >
        Got it
      </button>
    </section>
  );
}
