convention: workspaces
source: https://docs.npmjs.com/cli/using-npm/workspaces
heroku: yes
dokku: yes
deployd: yes
buildpack: node
process web: exec node server.js
get /: 200 one
-- package.json
{ "name": "shop", "version": "1.0.0", "workspaces": ["packages/*"], "scripts": { "start": "node server.js" } }
-- package-lock.json
{
  "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": { "name": "shop", "version": "1.0.0", "workspaces": ["packages/*"] },
    "node_modules/one": { "resolved": "packages/one", "link": true },
    "packages/one": { "version": "1.0.0" }
  }
}
-- packages/one/package.json
{ "name": "one", "version": "1.0.0" }
-- packages/one/index.js
module.exports = "one"
-- server.js
require("http").createServer((request, response) => response.end(require("one"))).listen(process.env.PORT, process.env.HOST)
