import { once } from "node:events";
import { createServer, type Server } from "node:http";

/** Answers to the Workers' requests, by path; sent as JSON. */
export type HostAnswer = (path: string) => Promise<unknown>;

/**
 * Answers the Workers' binding HOST on a Unix socket. It has the facts about this machine that only
 * a process outside workerd can know: space on disks, missing folders, other processes.
 */
export class HostService {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(socketPath: string, answer: HostAnswer): Promise<HostService> {
    const server = createServer((request, response) => {
      answer(request.url ?? "/").then(
        (value) => {
          response.writeHead(value === undefined ? 404 : 200, { "content-type": "application/json" });
          response.end(value === undefined ? "null" : JSON.stringify(value));
        },
        (error: unknown) => {
          response.writeHead(500);
          response.end(String(error));
        },
      );
    });
    server.listen(socketPath);
    await once(server, "listening");
    return new HostService(server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
