// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers / with what it is and of which version, /env with the settings it was started with.
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");

const version = fs.readFileSync(path.join(__dirname, "VERSION"), "utf8").trim();
const names = ["PORT", "HOST", "HOME", "DYNO", "GIT_REV", "DEPLOYD_APP", "DEPLOYD_DEPLOYMENT", "GREETING"];
const { HOST, PORT } = process.env;

const pages = {
  "/": () => `node ${version}\n`,
  "/env": () => names.map((name) => `${name}=${process.env[name] || ""}\n`).join(""),
};

const server = http.createServer((request, response) => {
  const page = pages[request.url];
  console.log(`${request.method} ${request.url}`);
  response.writeHead(page ? 200 : 404, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(page ? page() : "there is / and /env\n");
});

server.listen(Number(PORT), HOST, () => console.log(`node ${version} on http://${HOST}:${PORT}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
