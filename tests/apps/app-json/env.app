convention: `env` reaches every process; what was set before counts
source: https://devcenter.heroku.com/articles/app-json-schema#env
deployed: yes
config PRICE: 4
buildpack: none
process web: echo "$GREETING $PRICE" >$HOME/env.txt; exec python3 -m http.server --bind $HOST --directory $HOME $PORT
sets GREETING: hello
sets PRICE: 3
get /env.txt: 200 hello 4
units: web.1
-- Procfile
web: echo "$GREETING $PRICE" >$HOME/env.txt; exec python3 -m http.server --bind $HOST --directory $HOME $PORT
-- app.json
{ "env": { "GREETING": "hello", "PRICE": { "value": "3" } } }
