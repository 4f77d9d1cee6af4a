// Broadcasts a text to everybody else whenever somebody says something, as the documentation of ws shows it.
import { WebSocket, WebSocketServer } from "ws";

const text = process.argv[2];
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => console.log(`ready ws://127.0.0.1:${server.address().port}/ws`));
server.on("connection", (socket) => {
  socket.on("message", () => {
    for (const other of server.clients) {
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(text);
    }
  });
});
