convention: `cron`
source: https://dokku.com/docs/processes/scheduled-cron-tasks/
heroku: no
dokku: yes
deployd: ignored, with a warning
buildpack: none
process web: true
ignored: cron
-- Procfile
web: true
-- app.json
{ "cron": [ { "command": "true", "schedule": "@daily" } ] }
