convention: `release` is run before a new version starts, and its failure keeps the old one
source: https://devcenter.heroku.com/articles/release-phase
source: https://dokku.com/docs/advanced-usage/deployment-tasks/#procfile-release-command
heroku: yes
dokku: yes
deployd: yes
deployed: yes
buildpack: none
process release: echo released as $DYNO >$HOME/release.txt
process web: exec python3 -m http.server --bind $HOST --directory $HOME $PORT
get /release.txt: 200 released as release.1
units: web.1
-- Procfile
release: echo released as $DYNO >$HOME/release.txt
web: exec python3 -m http.server --bind $HOST --directory $HOME $PORT
