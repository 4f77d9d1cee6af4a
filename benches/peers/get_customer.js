// Answers with a customer's stored document, found by a number: one read of SQLite a frame, as the documentation of ws and
// better-sqlite3 shows it.
import Database from "better-sqlite3";
import { WebSocketServer } from "ws";

const database = new Database(process.argv[2], { readonly: true });
database.pragma("mmap_size = 4000000000");
const find = database.prepare("select body from document where phone = ?").pluck();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("listening", () => console.log(`ready ws://127.0.0.1:${server.address().port}/ws`));
server.on("connection", (socket) => {
  socket.on("message", (said) => {
    const { content, callbackId } = JSON.parse(said);
    const body = find.get(content);
    if (body === undefined) {
      socket.send(`{"success":false,"message":"没有找到该资源","code":2005,"callbackId":${callbackId}}`);
    } else {
      socket.send(`{"success":true,"message":"操作成功！","code":1000,"callbackId":${callbackId}${body}`);
    }
  });
});
