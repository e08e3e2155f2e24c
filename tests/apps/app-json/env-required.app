convention: `env`: `required`, the default
source: https://devcenter.heroku.com/articles/app-json-schema#env
heroku: asked for when an app is made of it
dokku: no
deployd: refused, with the command that sets it
deployed: yes
buildpack: none
process web: true
required: API_URL
fails: app.json requires API_URL, which nobody has set: deployctl config set … API_URL=…
-- Procfile
web: true
-- app.json
{ "env": { "API_URL": { "description": "of the shop" }, "MAYBE": { "required": false } } }
