// An S3 endpoint that drops uploads and answers zeros. No server can exceed boto3's speed against
// it. Run as a program it takes the size of its only object, and prints its port.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const PIECE = Buffer.alloc(1024 * 1024);
const TAG = '"00000000000000000000000000000000"';
const sizeBytes = Number(process.argv[2]);

const server = createServer((request, response) => {
  request.resume().once("end", () => answer(request, response));
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method, url = "" } = request;
  if (method === "POST") {
    const isBegun = url.includes("?uploads");
    const name = isBegun ? "InitiateMultipartUploadResult" : "CompleteMultipartUploadResult";
    response.end(`<${name}>${isBegun ? "<UploadId>1</UploadId>" : `<ETag>${TAG}</ETag>`}</${name}>`);
    return;
  }
  response.setHeader("etag", TAG);
  if (method === "PUT") {
    response.end();
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const begin = Number(from ?? 0);
  const end = Math.min(sizeBytes - 1, to ? Number(to) : sizeBytes - 1);
  const headers = { "content-length": end - begin + 1, "last-modified": "Sat, 01 Jan 2000 00:00:00 GMT" };
  const range = from === undefined ? {} : { "content-range": `bytes ${begin}-${end}/${sizeBytes}` };
  response.writeHead(from === undefined ? 200 : 206, { ...headers, ...range });
  if (method === "HEAD") response.end();
  else send(response, end - begin + 1);
}

function send(response: ServerResponse, leftBytes: number): void {
  let left = leftBytes;
  while (left > 0) {
    const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
    left -= piece.length;
    if (!response.write(piece) && left > 0) {
      response.once("drain", () => send(response, left));
      return;
    }
  }
  response.end();
}
