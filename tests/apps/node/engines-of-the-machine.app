convention: `engines.node` that the machine's Node.js is
source: https://devcenter.heroku.com/articles/nodejs-support#specifying-a-node-js-version
heroku: the newest of the range
dokku: the newest of the range
deployd: that of the machine
buildpack: node
process web: exec node server.js
warning: there is no package-lock.json: each build may get other versions of the packages
no file: .deployd/node/bin/node
-- package.json
{ "engines": { "node": ">=12" }, "scripts": { "start": "node server.js" } }
