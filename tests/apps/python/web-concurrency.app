convention: `WEB_CONCURRENCY` by the size of the instance
source: https://devcenter.heroku.com/articles/python-concurrency
heroku: yes
dokku: yes
deployd: not set: `deployctl config set`
buildpack: python
process web: true
environment WEB_CONCURRENCY:
-- Procfile
web: true
-- requirements.txt
