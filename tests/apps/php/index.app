convention: `index.php` alone, or in `public/` or `web/`
source: https://devcenter.heroku.com/articles/php-support#activation
heroku: `index.php`, by Apache, in the root
dokku: `index.php`, by Apache, in the root
deployd: yes, by php-fpm behind lighttpd; what is no file is a route of `index.php`
buildpack: php
process web: exec /usr/lib/deployd/buildpacks/php/serve
get /: 200 route /
get /pears/3: 200 route /pears/3
get /style.css: 200 p {}
-- public/index.php
<?php echo 'route ', $_SERVER['REQUEST_URI'];
-- public/style.css
p {}
