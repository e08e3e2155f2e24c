convention: lines that begin with `#`, and blank ones
source: https://github.com/dokku/procfile-util/blob/main/PROCFILE_FORMAT.md
heroku: not documented
dokku: yes
deployd: yes
buildpack: none
process web: true # a comment of the shell
-- Procfile
# web: false

web: true # a comment of the shell
