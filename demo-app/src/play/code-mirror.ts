import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { type Diagnostic, linter, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Place } from "../parts/explain.ts";
import { GLOBALS, MEMBERS, type Word } from "./words.ts";

export type EditorOptions = {
  readonly parent: HTMLElement;
  /** Its styles go there as constructed style sheets: the page's policy allows no other. */
  readonly root: ShadowRoot;
  readonly text: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
};

export type Editor = {
  /** Does nothing while somebody types. */
  setText(text: string): void;
  /** Marks where a script failed; nothing takes the mark away. */
  mark(failure: { readonly message: string; readonly place: Place } | undefined): void;
  focus(): void;
  destroy(): void;
};

const MOST_SYNTAX_ERRORS = 5;
const NO_JAVASCRIPT = "This does not read as JavaScript";

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
]);

const THEME = EditorView.theme({
  "&": { fontSize: "0.9rem", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { background: "transparent", color: "var(--quiet)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "var(--shade)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { background: "var(--selection) !important" },
  ".cm-tooltip": { background: "var(--surface)", color: "var(--text)", border: "1px solid var(--edge)" },
});

export function openEditor({ parent, root, text, label, onChange, onRun }: EditorOptions): Editor {
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        lintGutter(),
        linter(syntaxErrors),
        javascript({ typescript: true }),
        syntaxHighlighting(COLOURS),
        autocompletion({ override: [complete] }),
        keymap.of([{ key: "Mod-Enter", run }, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.domEventHandlers({ beforeinput: replaceSelected }),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
        THEME,
      ],
    }),
  });
  return {
    setText(next) {
      // What comes back of what is typed is older than what stands here by then.
      if (view.hasFocus || next === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    mark(failure) {
      const diagnostics = failure ? [diagnosticAt(view.state, failure)] : [];
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

/** Chrome would keep the look of what is typed over by a style attribute, which the page's policy refuses. */
function replaceSelected(event: InputEvent, view: EditorView): boolean {
  if (event.inputType !== "insertText" || event.data === null || view.state.selection.main.empty) return false;
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

function diagnosticAt(state: EditorState, { message, place }: { message: string; place: Place }): Diagnostic {
  const line = state.doc.line(Math.min(Math.max(1, place.line), state.doc.lines));
  const from = Math.min(line.from + place.column - 1, line.to);
  return { from, to: line.to, severity: "error", message };
}

/** Where the text is no JavaScript, as far as the highlighter's parser knows. */
function syntaxErrors(view: EditorView): Diagnostic[] {
  const found: Diagnostic[] = [];
  syntaxTree(view.state).iterate({
    enter({ type, from, to }) {
      if (!type.isError || found.length === MOST_SYNTAX_ERRORS) return;
      // What is missing has no length: the character before it is marked.
      found.push({ from: from === to ? Math.max(0, from - 1) : from, to, severity: "warning", message: NO_JAVASCRIPT });
    },
  });
  return found;
}

function complete(context: CompletionContext): CompletionResult | null {
  const member = context.matchBefore(/\b(\w+)\.(\w*)$/);
  if (member) {
    const [object = "", typed = ""] = member.text.split(".");
    const words = MEMBERS[object];
    return words ? { from: member.to - typed.length, options: words.map(optionOf) } : null;
  }
  const word = context.matchBefore(/\b[A-Za-z_]\w*$/);
  if (!word && !context.explicit) return null;
  return { from: word?.from ?? context.pos, options: GLOBALS.map(optionOf) };
}

function optionOf({ label, detail, info }: Word) {
  return { label, detail, info, type: detail.startsWith("(") ? "function" : "variable" };
}
