convention: `heroku-php-apache2`, `heroku-php-nginx`
source: https://devcenter.heroku.com/articles/custom-php-settings
heroku: yes
dokku: yes
deployd: not here: leave that line out of the Procfile
buildpack: php
process web: vendor/bin/heroku-php-apache2 public/
-- Procfile
web: vendor/bin/heroku-php-apache2 public/
-- public/index.php
