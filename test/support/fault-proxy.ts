import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** What a bucket does in place of an answer: nothing ever, status 500, or an answer whose body stops half way. */
export type BucketFault = "hang" | "error" | "stall";

/** An S3 endpoint on loopback that hands everything on to another one, except to buckets that are made to fail. */
export interface FaultProxy {
  endpoint: string;
  /** By bucket; change it at any time. */
  faults: Map<string, BucketFault>;
  stop(): Promise<void>;
}

export async function startFaultProxy(targetEndpoint: string): Promise<FaultProxy> {
  const target = new URL(targetEndpoint);
  const faults = new Map<string, BucketFault>();
  const server = createServer((incoming, outgoing) => {
    const fault = faults.get((incoming.url ?? "").split(/[/?]/)[1] ?? "");
    outgoing.on("error", () => {});
    if (fault === "hang") incoming.resume();
    else if (fault === "error") fail(incoming, outgoing);
    else handOn({ incoming, outgoing, target, stalls: fault === "stall" });
  });
  // Neither side closes a connection that the other is about to use again.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    faults,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function fail(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  incoming.on("end", () => {
    outgoing.writeHead(500, { "content-type": "application/xml" });
    outgoing.end("<Error><Code>InternalError</Code><Message>made to fail</Message></Error>");
  });
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  target: URL;
  stalls: boolean;
}

function handOn({ incoming, outgoing, target, stalls }: Exchange): void {
  const { method, url, headers } = incoming;
  // With the Host header as it came: it is signed.
  const onward = request(
    { agent: false, host: target.hostname, port: target.port, method, path: url, headers },
    (answer) => {
      // Of this connection, not of the answer.
      const { connection: _, "keep-alive": __, ...passedOn } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, passedOn);
      if (!stalls) {
        answer.pipe(outgoing);
        return;
      }
      const half = Math.floor(Number(answer.headers["content-length"] ?? 0) / 2);
      let sentBytes = 0;
      answer.on("data", (piece: Buffer) => {
        const now = piece.subarray(0, Math.max(0, half - sentBytes));
        sentBytes += now.length;
        if (now.length > 0) outgoing.write(now);
      });
    },
  );
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}
