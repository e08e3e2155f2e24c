convention: names with capitals, digits, `_` and `-`
source: https://devcenter.heroku.com/articles/procfile
source: https://github.com/dokku/procfile-util/blob/main/PROCFILE_FORMAT.md (strict: a DNS label)
heroku: capitals and digits; others not documented
dokku: refused, but for `-`
deployd: yes
deployed: yes
buildpack: none
process web: exec python3 -m http.server --bind $HOST $PORT
process celery_beat: exec sleep infinity
process celery-beat: exec sleep infinity
process Worker-High2: exec sleep infinity
formation celery_beat: 1
formation celery-beat: 1
formation Worker-High2: 1
units: Worker_High2.1 celery--beat.1 celery_beat.1 web.1
-- Procfile
web: exec python3 -m http.server --bind $HOST $PORT
celery_beat: exec sleep infinity
celery-beat: exec sleep infinity
Worker-High2: exec sleep infinity
-- app.json
{ "formation": { "celery_beat": { "quantity": 1 }, "celery-beat": { "quantity": 1 }, "Worker-High2": { "quantity": 1 } } }
