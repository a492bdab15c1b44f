import { once } from "node:events";
import { createServer, type Server } from "node:http";

/** What the Workers may ask of the launcher, by path; the answer is JSON. */
export type HostAnswer = (path: string) => Promise<unknown>;

/**
 * Answers the Workers' binding HOST on a Unix socket: what only a process outside workerd can know of this machine (space on
 * disks, folders that are not there, other processes).
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
