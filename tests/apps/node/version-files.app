convention: `.node-version`, `.tool-versions`, `volta`
source: https://asdf-vm.com/manage/configuration.html#tool-versions
source: https://docs.volta.sh/guide/understanding#pinning-node-engines
heroku: ignored
dokku: ignored
deployd: yes
fails: build: the node buildpack exited with status 1: package.json (volta) asks for node 98.0.0 and .node-version asks for node 97 and .tool-versions asks for node 96.0.0: this machine has v…; the npm registry…
-- package.json
{ "volta": { "node": "98.0.0" } }
-- .node-version
97
-- .tool-versions
ruby 3.2.0
nodejs 96.0.0
