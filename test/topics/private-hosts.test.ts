import { expect, it } from "vitest";
import { isPrivateHost } from "../../src/topics/private-hosts.ts";

const hostOf = (url: string) => new URL(url).hostname;

it.each([
  ...[
    "http://127.0.0.1",
    "http://2130706433",
    "http://0177.0.0.1",
    "http://0x7f000001",
    "http://127.1",
    "http://0.0.0.0",
  ],
  ...["http://10.0.0.1", "http://172.16.0.1", "http://172.31.255.255", "http://192.168.1.1", "http://169.254.169.254"],
  ...["http://100.64.0.1", "http://198.18.0.1", "http://224.0.0.1", "http://255.255.255.255", "http://192.0.2.1"],
  ...[
    "http://[::1]",
    "http://[::]",
    "http://[::ffff:10.0.0.1]",
    "http://[::ffff:0:10.0.0.1]",
    "http://[64:ff9b::7f00:1]",
  ],
  ...[
    "http://[2002:7f00:1::]",
    "http://[64:ff9b:1::a00:1]",
    "http://[fd00::1]",
    "http://[fe80::1]",
    "http://[ff02::1]",
    "http://[fec0::1]",
  ],
  ...[
    "http://localhost",
    "http://a.localhost",
    "http://printer.local",
    "http://metadata.google.internal",
    "http://intranet",
  ],
  "http://localhost.",
])("%s is private", (url) => {
  expect(isPrivateHost(hostOf(url))).toBe(true);
});

it.each([
  ...[
    "http://1.1.1.1",
    "http://172.32.0.1",
    "http://[2606:4700::1111]",
    "http://[::ffff:1.1.1.1]",
    "http://[2002:101:101::]",
  ],
  ...["https://example.com", "https://local.example.com", "https://hooks.slack.com."],
])("%s is public", (url) => {
  expect(isPrivateHost(hostOf(url))).toBe(false);
});
