convention: a file that is called `procfile` or `Procfile.txt`
source: https://devcenter.heroku.com/articles/procfile#procfile-naming-and-location
heroku: ignored
dokku: ignored
deployd: ignored, and the failure says that there is none
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with start.sh; commit a Procfile with the line 'web: COMMAND'
-- procfile
web: true
-- start.sh [executable]
true
