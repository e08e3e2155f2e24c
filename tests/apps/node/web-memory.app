convention: `WEB_MEMORY`, `WEB_CONCURRENCY`, `MEMORY_AVAILABLE` by the size of the instance
source: https://devcenter.heroku.com/articles/node-concurrency
heroku: yes
dokku: yes
deployd: not set: `deployctl config set`
buildpack: node
process web: exec node server.js
environment WEB_MEMORY:
environment WEB_CONCURRENCY:
-- server.js
