convention: `package-lock.json`: `npm ci`; the script `start`
source: https://devcenter.heroku.com/articles/nodejs-classic-buildpack-builds
heroku: yes
dokku: yes
deployd: yes; `start` without npm before it, so that signals reach the app
buildpack: node
process web: exec node server.js
says: -----> Installing packages, with node v… and npm …
says: -----> Removing devDependencies
file node_modules/one/index.js:
no file: node_modules/two
get /: 200 one production
-- package.json
{
  "name": "shop", "version": "1.0.0", "scripts": { "start": "node server.js" },
  "dependencies": { "one": "file:./one" }, "devDependencies": { "two": "file:./two" }
}
-- package-lock.json
{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": { "name": "shop", "version": "1.0.0", "dependencies": { "one": "file:./one" }, "devDependencies": { "two": "file:./two" } },
    "node_modules/one": { "resolved": "one", "link": true },
    "node_modules/two": { "resolved": "two", "link": true },
    "one": { "version": "1.0.0" },
    "two": { "version": "1.0.0", "dev": true }
  }
}
-- one/package.json
{ "name": "one", "version": "1.0.0" }
-- one/index.js
module.exports = "one"
-- two/package.json
{ "name": "two", "version": "1.0.0" }
-- server.js
require("http").createServer((request, response) => response.end(`${require("one")} ${process.env.NODE_ENV}`))
        .listen(process.env.PORT, process.env.HOST)
