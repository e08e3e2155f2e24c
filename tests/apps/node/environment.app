convention: `NODE_ENV=production`, unless it is set; programs of packages by their names
source: https://devcenter.heroku.com/articles/nodejs-support#environment-variables
heroku: yes
dokku: yes
deployd: yes, and `localhost` is 127.0.0.1
buildpack: node
process web: exec node server.js
warning: there is no package-lock.json: each build may get other versions of the packages
environment NODE_ENV: production
environment NODE_OPTIONS: --dns-result-order=ipv4first
environment PATH: /srv/app/node_modules/.bin:…
-- package.json
{ "scripts": { "start": "node server.js" } }
