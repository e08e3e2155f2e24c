convention: `config.ru` without a Procfile
source: https://devcenter.heroku.com/articles/ruby-support (default web process type)
heroku: `rackup`
dokku: `rackup`
deployd: `rackup`, or puma where it is a gem of the app
built: no
buildpack: ruby
process web: exec bundle exec rackup -o $HOST -p $PORT config.ru
-- Gemfile
source "https://rubygems.org"
gem "rackup"
-- Gemfile.lock
GEM
  remote: https://rubygems.org/
  specs:
    rackup (2.1.0)
-- config.ru
