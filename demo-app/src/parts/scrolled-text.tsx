import type { ComponentChildren } from "preact";

type ScrolledTextProps = { readonly label: string; readonly isLive?: boolean; readonly children: ComponentChildren };

/** Lines of text that scroll where they are many; whoever has no pointer scrolls them by keyboard. New live ones are read out. */
export function ScrolledText({ label, isLive = false, children }: ScrolledTextProps) {
  const attributes = { class: "lines", "aria-label": label, tabIndex: 0 };
  const text = <pre>{children}</pre>;
  return isLive ? (
    <div {...attributes} role="log">
      {text}
    </div>
  ) : (
    <section {...attributes}>{text}</section>
  );
}
