convention: `scripts`: `test`, `pr-predestroy`
source: https://devcenter.heroku.com/articles/app-json-schema#scripts
heroku: yes
dokku: ignored
deployd: ignored, with a warning
buildpack: none
process web: true
ignored: scripts.pr-predestroy
-- Procfile
web: true
-- app.json
{ "scripts": { "pr-predestroy": "true" } }
