convention: `static.json`: `proxies`, `encoding`, `basic_auth`
source: https://github.com/heroku/heroku-buildpack-static#configuration
heroku: by a buildpack that was given up
dokku: by a buildpack that was given up
deployd: refused
fails: build: bin/release of the static buildpack exited with status 1: static.json says proxies, which is not done here: root, routes, redirects, error_page, headers and clean_urls are
-- static.json
{ "proxies": { "/api/": { "origin": "https://example.com" } } }
-- index.html
