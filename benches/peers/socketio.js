// Broadcasts an event to everybody else, as the documentation of Socket.IO shows it: once when somebody says "one", otherwise
// for as long as he is there, whenever all have taken what was sent.
import { createServer } from "node:http";
import { Server } from "socket.io";

const push = JSON.parse(process.argv[2]);
const ENOUGH = 64; // packets that wait for a socket
const http = createServer();
const io = new Server(http, { transports: ["websocket"] });
io.on("connection", (socket) => {
  const broadcast = () => socket.broadcast.emit("push", push);
  const flood = () => {
    if (!socket.connected) return;
    if ([...io.of("/").sockets.values()].every((other) => other.conn.writeBuffer.length < ENOUGH)) broadcast();
    setImmediate(flood);
  };
  socket.on("say", (said) => (said === "one" ? broadcast() : flood()));
});
http.listen(0, "127.0.0.1", () => {
  console.log(`ready ws://127.0.0.1:${http.address().port}/socket.io/?EIO=4&transport=websocket`);
});
