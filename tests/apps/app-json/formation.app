convention: `formation`: `quantity`
source: https://dokku.com/docs/processes/process-management/#manually-managing-process-scaling
heroku: when an app is made of it
dokku: yes, instead of `ps:scale`
deployd: yes, until `deployctl scale`
deployed: yes
buildpack: none
process web: exec python3 -m http.server --bind $HOST $PORT
process worker: exec sleep infinity
process clock: exec sleep infinity
formation web: 2
formation worker: 1
get /page.txt: 200 apples
units: web.1 web.2 worker.1
-- Procfile
web: exec python3 -m http.server --bind $HOST $PORT
worker: exec sleep infinity
clock: exec sleep infinity
-- app.json
{ "formation": { "web": { "quantity": 2 }, "worker": { "quantity": 1 } } }
-- page.txt
apples
