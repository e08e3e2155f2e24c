convention: a name that begins with a digit, or with `_` or `-`
source: https://github.com/dokku/procfile-util/blob/main/PROCFILE_FORMAT.md
heroku: a digit; others not documented
dokku: a digit only
deployd: refused
fails: import: Procfile line 2: its name is not of letters, digits, _ and single dashes, at most 32, from a letter
-- Procfile
web: true
2nd: true
