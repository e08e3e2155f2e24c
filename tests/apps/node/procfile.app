convention: a Procfile goes before `start`
source: https://devcenter.heroku.com/articles/nodejs-support#default-web-process-type
heroku: yes
dokku: yes
deployd: yes
built: no
buildpack: node
process web: node other.js
process worker: node worker.js
-- package.json
{ "scripts": { "start": "node server.js" } }
-- Procfile
web: node other.js
worker: node worker.js
