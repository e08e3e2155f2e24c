convention: `CHECKS`
source: https://dokku.com/docs/deployment/zero-downtime-deploys/
heroku: no
dokku: replaced by `healthchecks` of app.json
deployd: ignored: `healthchecks` of app.json
buildpack: none
process web: true
-- Procfile
web: true
-- CHECKS
/up apples
