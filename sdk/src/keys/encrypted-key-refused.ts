/** A text is no encrypted key, was changed, or the passphrase is another one; nobody can tell which of the last two. */
export class EncryptedKeyRefused extends Error {
  override name = "EncryptedKeyRefused";
}
