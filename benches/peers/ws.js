// Broadcasts a text to everybody else, as the documentation of ws shows it: once when somebody says "one", otherwise for as
// long as he is there, whenever all have taken what was sent.
import { WebSocket, WebSocketServer } from "ws";

const text = process.argv[2];
const ENOUGH = 64 * 1024; // bytes that wait for a socket
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => console.log(`ready ws://127.0.0.1:${server.address().port}/ws`));
server.on("connection", (socket) => {
  const broadcast = () => {
    for (const other of server.clients) {
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(text);
    }
  };
  const flood = () => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if ([...server.clients].every((other) => other.bufferedAmount < ENOUGH)) broadcast();
    setImmediate(flood);
  };
  socket.on("message", (said) => (String(said) === "one" ? broadcast() : flood()));
});
