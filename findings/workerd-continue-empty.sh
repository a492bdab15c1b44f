#!/usr/bin/env bash
# workerd 1.20261117.1 and `Expect: 100-continue`: it sends `100 Continue` when a Worker reads a body of some bytes. With
# `Content-Length: 0` it never does, whether the Worker reads the body or not, and a Worker cannot send it itself: a Response has a
# status of 101 or of 200 to 599. A client that waits for the 100 before it looks for an answer is told nothing.
#
# What helps: clients that do not ask if they have nothing to send. botocore does so since 1.43.77, or with
# BOTO_EXPERIMENTAL__NO_EMPTY_CONTINUE=true.
set -euo pipefail
folder=$(mktemp -d)
cleanup() {
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund workerd@1.20261117.1 >/dev/null
cat > worker.js <<'JS'
export default {
  async fetch(request) {
    const body = await request.text();
    let made = "a Response with status 100";
    try {
      new Response(null, { status: 100 });
    } catch (error) {
      made = error.name;
    }
    return new Response(`${body.length} bytes, ${made}\n`);
  },
};
JS
cat > config.capnp <<'CAPNP'
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2026-11-01"))],
  sockets = [(name = "http", address = "127.0.0.1:48971", http = (), service = "main")],
);
CAPNP
./node_modules/.bin/workerd serve config.capnp &
server=$!
cat > ask.py <<'PY'
import socket
import time


def ask(body):
    for _ in range(100):
        try:
            client = socket.create_connection(("127.0.0.1", 48971))
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    head = f"PUT / HTTP/1.1\r\nHost: example.org\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(head.encode())
    client.settimeout(3)
    first = client.recv(65536).decode().splitlines()
    if "100" in first[0]:
        client.sendall(body)
        return first[0], client.recv(65536).decode().splitlines()[-1]
    return first[0], first[-1]


print(ask(b"clay!"))
print(ask(b""))
PY
seen=$(python3 ask.py)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
('HTTP/1.1 100 Continue', '5 bytes, RangeError')
('HTTP/1.1 200 OK', '0 bytes, RangeError')
TEXT
