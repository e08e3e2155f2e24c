convention: `composer.json` with packages and without `composer.lock`
source: https://devcenter.heroku.com/articles/php-support#build-behavior
heroku: refused
dokku: refused
deployd: refused
fails: build: the php buildpack exited with status 1: composer.json has no composer.lock, which says what is installed: run 'composer update' and commit it
-- composer.json
{ "require": { "php": ">=8", "me/apples": "^1" } }
-- index.php
