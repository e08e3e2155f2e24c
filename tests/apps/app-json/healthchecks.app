convention: `healthchecks`: `startup` with `path`, `timeout`, `attempts`, `wait`
source: https://dokku.com/docs/deployment/zero-downtime-deploys/
heroku: no
dokku: yes
deployd: yes
deployed: yes
buildpack: none
process web: exec python3 -m http.server --bind $HOST $PORT
health path: /gone.txt
health attempts: 2
health timeout-usec: 5000000
fails: the health check GET /gone.txt on port … answered 404 (2 times)
-- Procfile
web: exec python3 -m http.server --bind $HOST $PORT
-- app.json
{ "healthchecks": { "web": [ { "type": "startup", "path": "/gone.txt", "attempts": 2, "timeout": 5 } ] } }
