// Loaded before a JavaScript program that a model wrote; `node.py` starts it and says what else is limited.
"use strict";

const crypto = require("node:crypto");
const dgram = require("node:dgram");
const dns = require("node:dns");
const Module = require("node:module");
const net = require("node:net");

const exit = process.exit.bind(process);

function refuse() {
  throw new Error("it is refused");
}

for (const name of ["kill", "_kill", "abort", "dlopen", "binding", "_linkedBinding", "chdir", "setuid", "setgid"]) {
  process[name] = refuse;
}

net.Socket.prototype.connect = refuse;
net.Server.prototype.listen = refuse;
for (const name of ["bind", "connect", "send"]) dgram.Socket.prototype[name] = refuse;
for (const part of [dns, dns.promises]) {
  for (const name of Object.keys(part)) {
    if (/^(lookup|resolve|reverse)/.test(name)) part[name] = refuse;
  }
}

// A failed assertion of the tests only prints by itself.
console.assert = (isTrue) => {
  if (!isTrue) exit(1);
};

// HumanEval-X runs with this package installed.
const md5 = (text) => crypto.createHash("md5").update(text).digest("hex");
const load = Module._load;
Module._load = function (name, ...rest) {
  return name === "js-md5" ? md5 : load.call(this, name, ...rest);
};
