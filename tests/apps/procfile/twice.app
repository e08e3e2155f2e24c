convention: a name that is there twice
source: https://github.com/dokku/procfile-util/blob/main/PROCFILE_FORMAT.md
heroku: not documented
dokku: refused
deployd: refused
fails: import: Procfile line 2: its name is there already
-- Procfile
web: true
web: false
