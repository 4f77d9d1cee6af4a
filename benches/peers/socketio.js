// Broadcasts an event to everybody else whenever somebody says something, as the documentation of Socket.IO shows it.
import { createServer } from "node:http";
import { Server } from "socket.io";

const push = JSON.parse(process.argv[2]);
const http = createServer();
const io = new Server(http, { transports: ["websocket"] });
io.on("connection", (socket) => {
  socket.on("say", () => socket.broadcast.emit("push", push));
});
http.listen(0, "127.0.0.1", () => {
  console.log(`ready ws://127.0.0.1:${http.address().port}/socket.io/?EIO=4&transport=websocket`);
});
