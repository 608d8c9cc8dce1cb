import { useEffect, useRef } from "preact/hooks";
import { explain } from "../parts/explain.ts";
import type { Editor } from "./code-mirror.ts";

type ScriptEditorProps = {
  readonly text: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
  /** Why the last run failed. */
  readonly failure: unknown;
};

/** Where a script is written. Until the editor proper has come a plain text field stands in its place, as large as it. */
export function ScriptEditor(props: ScriptEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<Editor | undefined>(undefined);
  const last = useRef(props);
  last.current = props;
  useEffect(() => {
    let isGone = false;
    void import("./code-mirror.ts").then(({ openEditor }) => {
      const element = host.current;
      if (isGone || !element) return;
      const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
      const parent = document.createElement("div");
      parent.style.height = "100%";
      root.append(parent);
      const hadFocus = document.activeElement === plain.current;
      editor.current = openEditor({
        parent,
        root,
        text: last.current.text,
        label: last.current.label,
        onChange: (text) => last.current.onChange(text),
        onRun: () => last.current.onRun(),
      });
      if (plain.current) plain.current.hidden = true;
      element.hidden = false;
      markFailure(editor.current, last.current.failure);
      if (hadFocus) editor.current.focus();
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = undefined;
    };
  }, []);
  useEffect(() => editor.current?.setText(props.text), [props.text]);
  useEffect(() => {
    if (editor.current) markFailure(editor.current, props.failure);
  }, [props.failure]);
  return (
    <div class="editor">
      <textarea
        ref={plain}
        aria-label={props.label}
        value={props.text}
        spellcheck={false}
        onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) props.onRun();
        }}
      />
      <div ref={host} class="editor-host" hidden />
    </div>
  );
}

function markFailure(editor: Editor, failure: unknown): void {
  const { place, message } = failure === undefined ? {} : explain(failure);
  editor.mark(place && message !== undefined ? { place, message } : undefined);
}
