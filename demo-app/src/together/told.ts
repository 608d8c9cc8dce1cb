/** More than that of what a host tells is not drawn. */
const MOST = 300;

/** What a host told, as far as it is a list of objects. It may have told anything. */
export function listOf(told: unknown): readonly object[] {
  if (!Array.isArray(told)) return [];
  return told.filter((one): one is object => typeof one === "object" && one !== null).slice(-MOST);
}
