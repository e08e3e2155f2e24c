convention: `addons`, `stack`, `environments`, `image`
source: https://devcenter.heroku.com/articles/app-json-schema
heroku: yes
dokku: ignored
deployd: ignored, with a warning
buildpack: none
process web: true
ignored: addons stack environments
-- Procfile
web: true
-- app.json
{ "name": "Shop", "addons": ["heroku-postgresql"], "stack": "heroku-24", "environments": { "test": {} } }
