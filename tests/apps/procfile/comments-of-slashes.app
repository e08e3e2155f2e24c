convention: lines that begin with `//`
source: https://github.com/dokku/procfile-util/blob/main/PROCFILE_FORMAT.md
heroku: not documented
dokku: a comment
deployd: refused: write `#`
fails: import: Procfile line 1: it is not of the form NAME: command
-- Procfile
// the only one
web: true
