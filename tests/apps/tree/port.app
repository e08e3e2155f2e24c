convention: a process that listens on all addresses, or on another port than `$PORT`
source: https://devcenter.heroku.com/articles/dynos#local-environment-variables
heroku: all addresses; another port: R10 after 60 seconds
dokku: all addresses; another port: `ports:set`
deployd: all addresses; another port: refused
deployed: yes
buildpack: none
process web: exec python3 -m http.server 4567
fails: web.1 did not listen on …
-- Procfile
web: exec python3 -m http.server 4567
