// Makes downloads of what a page of the console produces bit by bit: the page registers one by a message with a port, then opens its address.
// The browser saves what comes through the port, and asks for no more than it can write.
const downloads = new Map();

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const { id, name } = event.data;
  const [port] = event.ports;
  downloads.set(id, { name, port });
  port.postMessage("ready");
});

self.addEventListener("fetch", (event) => {
  const id = /\/-\/console\/download\/([\w-]+)$/.exec(new URL(event.request.url).pathname)?.[1];
  const download = downloads.get(id);
  if (download === undefined) return;
  downloads.delete(id);
  const { body, ended } = streamOf(download.port);
  event.waitUntil(ended);
  const headers = {
    "Content-Type": "application/zip",
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(download.name)}`,
    "X-Content-Type-Options": "nosniff",
  };
  event.respondWith(new Response(body, { headers }));
});

function streamOf(port) {
  const { promise: ended, resolve } = Promise.withResolvers();
  const body = new ReadableStream(
    {
      start(controller) {
        port.onmessage = ({ data }) => {
          if (data instanceof Uint8Array) return controller.enqueue(data);
          resolve();
          if (data === "end") controller.close();
          else controller.error(new Error("cut"));
        };
      },
      pull: () => port.postMessage("pull"),
      cancel: () => {
        port.postMessage("cancel");
        resolve();
      },
    },
    { highWaterMark: 1 },
  );
  return { body, ended };
}
