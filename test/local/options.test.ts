import { expect, test } from "vitest";
import { parseCommandLine } from "../../local/options.ts";

test("without arguments the documented defaults hold", () => {
  expect(parseCommandLine([], "/srv")).toEqual({
    kind: "start",
    options: {
      host: "127.0.0.1",
      port: 9000,
      dataDir: "/srv/sherd-data",
      processes: expect.any(Number),
      quiet: false,
      log: "text",
      isNew: false,
    },
  });
});

test("every option is read, and a relative folder is relative to the working directory", () => {
  const args = [
    "--host",
    "0.0.0.0",
    "--port=0",
    "--data",
    "x/y",
    "--processes",
    "3",
    "--quiet",
    "--log",
    "json",
    "--new",
  ];
  args.push("--tls-cert", "cert.pem", "--tls-key", "/etc/key.pem", "--access-log", "access.log");
  expect(parseCommandLine(args, "/srv")).toEqual({
    kind: "start",
    options: {
      host: "0.0.0.0",
      port: 0,
      dataDir: "/srv/x/y",
      processes: 3,
      quiet: true,
      log: "json",
      isNew: true,
      tls: { certPath: "/srv/cert.pem", keyPath: "/etc/key.pem" },
      accessLog: "/srv/access.log",
    },
  });
});

test("--help wins over the rest", () => {
  expect(parseCommandLine(["--help", "--port", "x"], "/srv")).toEqual({ kind: "help" });
});

test.each([
  [["--prot", "1"], /'--prot'/],
  [["data"], /'data'/],
  [["--port"], /'--port/],
  [["--port", "65536"], /--port must be 0 to 65535, not "65536"/],
  [["--port", "-1"], /--port/],
  [["--port", "80x"], /--port must be/],
  [["--processes", "0"], /--processes must be 1 to 64, not "0"/],
  [["--processes", "65"], /--processes/],
  [["--processes", "2.5"], /--processes/],
  [["--log", "xml"], /--log must be text or json, not "xml"/],
  [["--tls-cert", "x"], /--tls-cert and --tls-key go together/],
  [["--tls-key", "x"], /--tls-cert and --tls-key go together/],
  [["--data="], /--data must not be empty/],
  [["--host="], /--host must not be empty/],
])("%j is refused in one line", (args, message) => {
  const refused = parseCommandLine(args, "/srv");
  expect(refused).toEqual({ kind: "refused", message: expect.stringMatching(message) });
  expect(JSON.stringify(refused)).not.toContain("\\n");
});
