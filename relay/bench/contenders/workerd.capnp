using Workerd = import "/workerd/workerd.capnp";

# The folder "objects" is given on the command line.
const config :Workerd.Config = (
  services = [
    (name = "peers", worker = .peers),
    (name = "objects", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "peers")],
);

const peers :Workerd.Worker = (
  modules = [(name = "durable-object.js", esModule = embed "durable-object.js")],
  compatibilityDate = "2026-11-17",
  bindings = [(name = "PEERS", durableObjectNamespace = "Peer")],
  durableObjectNamespaces = [(className = "Peer", uniqueKey = "peers", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
);
