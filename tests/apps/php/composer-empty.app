convention: `composer.json` of `{}`, which says that the language is PHP
source: https://devcenter.heroku.com/articles/php-support#activation
heroku: yes
dokku: yes
deployd: yes
buildpack: php
process web: exec /usr/lib/deployd/buildpacks/php/serve
get /: 200 apples
get /composer.json: 403 …
-- composer.json
{}
-- index.php
apples
