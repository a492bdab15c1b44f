import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";

/**
 * Sends a request to a Worker or the launcher over its Unix socket, as a service binding would. The
 * URL's host has no meaning.
 */
export function socketFetcher(socketPath: string): Pick<Fetcher, "fetch"> {
  const agent = new Agent({ keepAlive: true });
  const send = (url: string, { method = "GET", body = null, signal = null }: RequestInit = {}) =>
    new Promise<Response>((resolve, reject) => {
      const options = { agent, socketPath, method, path: new URL(url).pathname, ...(signal ? { signal } : {}) };
      const call = request(options, (response) => {
        const { statusCode: status = 500 } = response;
        buffer(response).then((bytes) => resolve(new Response(new Uint8Array(bytes), { status })), reject);
      });
      call.on("error", reject);
      call.end(body);
    });
  return { fetch: send } as unknown as Pick<Fetcher, "fetch">;
}
