convention: `healthchecks`: `liveness`, `readiness`; `command`, `content`, `uptime`, `listening`
source: https://dokku.com/docs/deployment/zero-downtime-deploys/
heroku: no
dokku: yes; `liveness` and `readiness` by some schedulers only
deployd: ignored, with a warning
buildpack: none
process web: true
ignored: healthchecks.web.startup healthchecks.web.liveness
-- Procfile
web: true
-- app.json
{
  "healthchecks": { "web": [
    { "type": "startup", "uptime": 10 },
    { "type": "liveness", "path": "/" }
  ] }
}
