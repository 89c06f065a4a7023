import { createServer, type Socket } from "node:net";

/*
 * The least that a server in Node does for streams: started as a process of its own by start-bare-server.ts. Answers
 * every GET with the head of a stream and a PB_CONNECT, every POST with 204, and writes the bytes of each message from
 * its parent to all streams, in the turn of the event loop in which it comes.
 */

const streams = new Set<Socket>();

const connectFrame = 'id:bare\nevent:PB_CONNECT\ndata:{"clientId":"bare"}\n\n';
const hello = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n" +
    `${connectFrame.length.toString(16)}\r\n${connectFrame}\r\n`,
);
const post = Buffer.from("POST");
const noContent = Buffer.from("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");

const server = createServer({ noDelay: true }, (socket) => {
  socket.once("data", (request) => {
    if (request.subarray(0, post.length).equals(post)) return void socket.end(noContent);
    streams.add(socket);
    socket.write(hello);
    socket.resume();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => streams.delete(socket));
});

process.on("message", (base64: unknown) => {
  const bytes = Buffer.from(String(base64), "base64");
  for (const socket of streams) socket.write(bytes);
});
process.on("disconnect", () => process.exit());

// a queue as long as the kernel allows: in a storm, connections that do not fit wait seconds for another try
server.listen({ port: 0, host: "127.0.0.1", backlog: 65_535 }, () => {
  const address = server.address();
  process.send?.(typeof address === "object" && address !== null ? address.port : 0);
});
