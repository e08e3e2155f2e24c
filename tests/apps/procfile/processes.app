convention: `Procfile`: `NAME: command`, one a line
source: https://devcenter.heroku.com/articles/procfile
heroku: yes
dokku: yes
deployd: yes
buildpack: none
process web: python3 app.py
process worker: python3 worker.py
process release: python3 migrate.py
-- Procfile [docs/apps.md#The Procfile]
