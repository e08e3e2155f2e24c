convention: `.slugignore`, `.dockerignore`
source: https://devcenter.heroku.com/articles/slug-compiler#ignoring-files-with-slugignore
heroku: `.slugignore`: these files are removed
dokku: `.slugignore` in builds of herokuish; `.dockerignore` for a Dockerfile
deployd: ignored: the release has them
buildpack: none
process web: true
file docs/big.txt: apples
-- Procfile
web: true
-- .slugignore
docs
-- docs/big.txt
apples
