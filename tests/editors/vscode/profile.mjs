/** Profiles the Node.js process PID until standard input ends: `node profile.mjs PID FILE`. Needs Node.js 22 or later. */

import { writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const [pid, file] = process.argv.slice(2);
process.kill(Number(pid), "SIGUSR1"); // it opens its inspector

async function address() {
  for (let tries = 0; tries < 100; tries++) {
    try {
      const [found] = await (await fetch("http://127.0.0.1:9229/json")).json();
      return found.webSocketDebuggerUrl;
    } catch {
      await wait(100);
    }
  }
  throw new Error("no inspector opens on port 9229");
}

const socket = new WebSocket(await address());
const waiting = new Map();
let last = 0;
socket.addEventListener("message", ({ data }) => {
  const { id, result } = JSON.parse(data);
  waiting.get(id)?.(result);
});
await new Promise((resolve) => socket.addEventListener("open", resolve));
const ask = (method, params = {}) =>
  new Promise((resolve) => {
    waiting.set(++last, resolve);
    socket.send(JSON.stringify({ id: last, method, params }));
  });

await ask("Profiler.enable");
await ask("Profiler.setSamplingInterval", { interval: 200 });
await ask("Profiler.start");
console.log("profiling");
for await (const _ of process.stdin) {
  // until it ends
}
const { profile } = await ask("Profiler.stop");
writeFileSync(file, JSON.stringify(profile));
socket.close();
