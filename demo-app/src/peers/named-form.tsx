import { useState } from "preact/hooks";

type NamedFormProps = {
  readonly label: string;
  readonly action: string;
  readonly isSecret?: boolean;
  readonly onGiven: (text: string) => void;
};

/** One text and what to do with it. */
export function NamedForm({ label, action, isSecret = false, onGiven }: NamedFormProps) {
  const [text, setText] = useState("");
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (text === "") return;
        onGiven(text);
        setText("");
      }}
    >
      <label>
        {label}
        <input
          type={isSecret ? "password" : "text"}
          autocomplete={isSecret ? "new-password" : "off"}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit">{action}</button>
    </form>
  );
}
