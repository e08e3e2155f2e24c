convention: `engines.node`
source: https://devcenter.heroku.com/articles/nodejs-support#specifying-a-node-js-version
heroku: yes
dokku: yes
deployd: yes; what the machine has not comes from the npm registry
fails: build: the node buildpack exited with status 1: package.json asks for node 14.x: this machine has v…; the npm registry, which has others, did not answer: …
-- package.json
{ "engines": { "node": "14.x" } }
