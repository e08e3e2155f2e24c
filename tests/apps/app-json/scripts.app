convention: `scripts`: `dokku.predeploy`, `dokku.postdeploy`; `postdeploy` once
source: https://dokku.com/docs/appendices/file-formats/app-json/#scripts
source: https://devcenter.heroku.com/articles/app-json-schema#scripts
heroku: `postdeploy`
dokku: yes; `predeploy` before the image is kept, and its files are in it
deployd: yes, as the release command; their files in the tree would be read-only
deployed: yes
buildpack: none
process web: exec python3 -m http.server --bind $HOST --directory $HOME $PORT
process release: …echo first…
get /scripts.txt: 200 before release after first
units: web.1
-- Procfile
web: exec python3 -m http.server --bind $HOST --directory $HOME $PORT
release: printf 'release ' >>$HOME/scripts.txt
-- app.json
{
  "scripts": {
    "dokku": { "predeploy": "printf 'before ' >>$HOME/scripts.txt", "postdeploy": "printf 'after ' >>$HOME/scripts.txt" },
    "postdeploy": "echo first >>$HOME/scripts.txt"
  }
}
