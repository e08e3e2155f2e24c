convention: `index.html` alone, or in `public/` or `dist/`
source: https://github.com/gliderlabs/herokuish (.static), https://github.com/dokku/buildpack-nginx
heroku: as PHP, with an `index.php` beside it
dokku: with `.static` beside it
deployd: yes
deployed: yes
buildpack: static
process web: …lighttpd…
get /: 200 apples
get /css/main.css: 200 p {}
get /gone: 404 …
units: web.1
-- public/index.html
apples
-- public/css/main.css
p {}
