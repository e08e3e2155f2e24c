convention: `Gemfile` without `Gemfile.lock`
source: https://devcenter.heroku.com/articles/ruby-support (Gemfile.lock required)
heroku: refused
dokku: refused
deployd: refused
fails: build: the ruby buildpack exited with status 1: Gemfile has no Gemfile.lock, which says what is installed: run 'bundle lock' and commit it
-- Gemfile
