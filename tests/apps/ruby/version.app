convention: `.ruby-version`
source: https://github.com/rbenv/rbenv#choosing-the-ruby-version
heroku: ignored: `ruby` in the Gemfile
dokku: ignored: `ruby` in the Gemfile
deployd: the version of the machine, or refused
fails: build: the ruby buildpack exited with status 1: .ruby-version asks for Ruby 2.1.9, and this machine has 3.…
-- Gemfile
-- Gemfile.lock
-- .ruby-version
ruby-2.1.9
