convention: `engines.node` and `.nvmrc`, both of them
source: https://github.com/nvm-sh/nvm#nvmrc
fails: build: the node buildpack exited with status 1: package.json asks for node 16.x and .nvmrc asks for node 18: this machine has v…; the npm registry…
-- package.json
{ "engines": { "node": "16.x" } }
-- .nvmrc
18
