convention: Rails, or `config.ru` with puma
source: https://devcenter.heroku.com/articles/deploying-rails-applications-with-the-puma-web-server
heroku: Rails: `bin/rails server`
dokku: Rails: `bin/rails server`
deployd: puma, with `config/puma.rb`
built: no
buildpack: ruby
process web: exec bundle exec puma -b tcp://$HOST:$PORT
-- Gemfile
source "https://rubygems.org"
gem "puma"
gem "rails"
-- Gemfile.lock
GEM
  remote: https://rubygems.org/
  specs:
    puma (6.4.2)
    rails (7.1.3)
-- config.ru
-- config/puma.rb
