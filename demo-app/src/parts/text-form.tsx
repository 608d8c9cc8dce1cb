import { useState } from "preact/hooks";

type TextFormProps = {
  readonly label: string;
  readonly action: string;
  readonly isSecret?: boolean;
  readonly isPrimary?: boolean;
  readonly placeholder?: string;
  /** Default 1,000. */
  readonly maxLength?: number;
  /** The field is empty afterwards, unless this answers or resolves with `false`. */
  readonly onGiven: (text: string) => unknown;
};

/** One text and what to do with it. */
export function TextForm({
  label,
  action,
  isSecret = false,
  isPrimary = false,
  placeholder = "",
  maxLength = 1_000,
  onGiven,
}: TextFormProps) {
  const [text, setText] = useState("");
  const give = async () => {
    if ((await onGiven(text)) !== false) setText((now) => (now === text ? "" : now));
  };
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (text !== "") void give();
      }}
    >
      <label>
        {label}
        <input
          type={isSecret ? "password" : "text"}
          autocomplete={isSecret ? "new-password" : "off"}
          spellcheck={false}
          placeholder={placeholder}
          maxLength={maxLength}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit" class={isPrimary ? "primary" : ""} disabled={text === ""}>
        {action}
      </button>
    </form>
  );
}
