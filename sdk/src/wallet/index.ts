/** Ethereum wallets as peers: one signature lets a device key act for the wallet's key. */
export {
  type ConnectWalletOptions,
  connectWallet,
  type WalletProvider,
  WalletRefused,
  walletSigner,
} from "./connect-wallet.ts";
