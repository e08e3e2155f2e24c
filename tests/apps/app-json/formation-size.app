convention: `formation`: `size`
source: https://devcenter.heroku.com/articles/app-json-schema#formation
heroku: yes
dokku: ignored
deployd: ignored: `deployctl app set memory-max=…`
buildpack: none
process web: true
formation web: 1
-- Procfile
web: true
-- app.json
{ "formation": { "web": { "quantity": 1, "size": "standard-1x" } } }
