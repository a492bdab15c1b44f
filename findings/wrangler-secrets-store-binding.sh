#!/usr/bin/env bash
# wrangler 4.164.0, `wrangler dev`: the binding of a Secrets Store secret is not an object with `get` alone. It is a Fetcher, as that of
# another Worker is, so every name that one asks it for is a function. Its shape does not tell a secret from a service, and a Worker that
# looks for KV by `get` and `put` takes it for a namespace. Only the name of a binding can say that it is a secret.
set -euo pipefail
folder=$(mktemp -d)
cleanup() {
  [[ -z ${server:-} ]] || kill -- -"$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
export CI=true WRANGLER_SEND_METRICS=false
npm init -y >/dev/null
# wrangler needs Node 22.
npm install --silent --no-fund --no-audit wrangler@4.164.0 node@26.10.0 >/dev/null
wrangler() { ./node_modules/.bin/node node_modules/wrangler/bin/wrangler.js "$@"; }
store=0123456789abcdef0123456789abcdef
cat > wrangler.toml <<TOML
name = "secrets"
main = "worker.js"
compatibility_date = "2026-11-09"
kv_namespaces = [{ binding = "KV" }]
[[secrets_store_secrets]]
binding = "SECRET"
store_id = "$store"
secret_name = "greeting"
TOML
cat > worker.js <<'JS'
export default {
  async fetch(_, { SECRET, KV }) {
    const shape = (binding) => [binding.constructor.name, ...["get", "put", "split", "anything"].map((name) => typeof binding[name])].join(" ");
    return new Response(`${await SECRET.get()}\nSECRET ${shape(SECRET)}\nKV ${shape(KV)}\n`);
  },
};
JS
wrangler secrets-store secret create "$store" --name greeting --value hello --scopes workers >/dev/null
set -m
wrangler dev --ip 127.0.0.1 --port 48973 >dev.log 2>&1 &
server=$!
set +m
seen=$(curl -s --retry 60 --retry-delay 1 --retry-connrefused --no-progress-meter http://127.0.0.1:48973/)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
hello
SECRET Fetcher function function function function
KV KvNamespace function function undefined undefined
TEXT
