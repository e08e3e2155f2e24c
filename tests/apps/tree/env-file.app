convention: `.env`
source: https://devcenter.heroku.com/articles/heroku-local (of a machine for development)
heroku: ignored
dokku: ignored
deployd: ignored
buildpack: none
process web: true
environment GREETING:
-- Procfile
web: true
-- .env
GREETING=hello
