/** What a script can see, for completion: name, how it is called, what it does. From docs/scripts.md. */
export type Word = { readonly label: string; readonly detail: string; readonly info: string };

export const GLOBALS: readonly Word[] = [
  { label: "CALLER_PUBLIC_KEY", detail: "string", info: "who sent the play" },
  { label: "CIRCLE_PUBLIC_KEY", detail: "string", info: "in whose circle it runs" },
  { label: "DB_PATH", detail: "string", info: "the virtual root of the circle's namespace" },
  { label: "args", detail: "JSON", info: "the caller's arguments, null if there are none" },
  { label: "print", detail: "(...values)", info: "a line to the caller while the script runs" },
  { label: "progress", detail: "(fraction, note?)", info: "how far the script is, from 0 to 1" },
  { label: "emit", detail: "(topic, value)", info: "tells those who subscribe to the topic, if the play commits" },
  { label: "context", detail: "object", info: "all of this as one object" },
  { label: "circle", detail: "object", info: "the functions that the circle's owner published" },
  { label: "data", detail: "object", info: "the circle's JSON documents" },
  { label: "files", detail: "object", info: "the circle's files" },
  { label: "events", detail: "object", info: "events that were committed" },
  { label: "policy", detail: "owner's tool", info: "who may do what" },
  { label: "library", detail: "owner's tool", info: "the circle's own functions" },
  { label: "inbox", detail: "owner's tool", info: "plays that wait for the owner" },
  { label: "log", detail: "owner's tool", info: "what happened in the circle" },
];

export const MEMBERS: Readonly<Record<string, readonly Word[]>> = {
  data: [
    { label: "get", detail: "(name)", info: "a document; undefined if there is none" },
    { label: "has", detail: "(name)", info: "whether there is such a document" },
    { label: "set", detail: "(name, value)", info: "written when the play completes" },
    { label: "delete", detail: "(name)", info: "whether there was one" },
    { label: "list", detail: "(prefix?, { start, limit }?)", info: "names, sorted" },
  ],
  files: [
    { label: "read", detail: '(name, "bytes"?)', info: "text, or bytes; undefined if there is none" },
    { label: "write", detail: "(name, content)", info: "a string or bytes" },
    { label: "delete", detail: "(name)", info: "whether there was one" },
    { label: "list", detail: "(prefix?, { start, limit }?)", info: "names, sorted" },
  ],
  events: [{ label: "read", detail: "(topic, { after, limit }?)", info: "events of a topic" }],
  policy: [
    { label: "get", detail: "()", info: "the policy" },
    { label: "set", detail: "(policy)", info: "replaces the policy" },
    { label: "check", detail: "(peer, capability)", info: "what a play of this peer would hear now" },
  ],
  library: [
    { label: "get", detail: "()", info: "the module's source" },
    { label: "set", detail: "(source)", info: "publishes a module" },
  ],
  inbox: [
    { label: "list", detail: "()", info: "plays that wait" },
    { label: "allow", detail: "(id, { always }?)", info: "lets it run" },
    { label: "deny", detail: "(id, reason?)", info: "ends it" },
  ],
  log: [
    { label: "read", detail: "({ after, limit, caller })", info: "records of the circle's log" },
    { label: "storage", detail: "()", info: "how much room the circle takes" },
  ],
};
