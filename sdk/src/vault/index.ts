/** A vault keeps keys of a page where its scripts cannot read them. */
export {
  EncryptedKeyRefused,
  type Identity,
  openVault,
  Vault,
  type VaultOptions,
  VaultUnavailable,
} from "./vault.ts";
