convention: a line that is none, such as that of a merge conflict
source: https://github.com/dokku/procfile-util/blob/main/PROCFILE_FORMAT.md
heroku: not documented
dokku: refused
deployd: refused
fails: import: Procfile line 1: it is not of the form NAME: command
-- Procfile
<<<<<<< HEAD
web: true
=======
web: false
>>>>>>> main
