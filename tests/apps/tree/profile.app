convention: `.profile.d/*.sh`, then `.profile`, before every process and the release command
source: https://devcenter.heroku.com/articles/buildpack-api#profile-d-scripts
source: https://devcenter.heroku.com/articles/dynos#the-profile-file
heroku: yes
dokku: yes
deployd: yes
deployed: yes
config GREETING: hello
buildpack: none
process web: echo "$GREETING $PLACE $DYNO" >$HOME/profile.txt; exec python3 -m http.server --bind $HOST --directory $HOME $PORT
environment PLACE: the world, at large
get /profile.txt: 200 hello the world, at large web.1
units: web.1
-- Procfile
web: echo "$GREETING $PLACE $DYNO" >$HOME/profile.txt; exec python3 -m http.server --bind $HOST --directory $HOME $PORT
-- .profile.d/place.sh
export PLACE="the world"
-- .profile
export PLACE="$PLACE, at large"
