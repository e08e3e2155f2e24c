convention: `package.json` without a lock file
source: https://devcenter.heroku.com/articles/nodejs-classic-buildpack-builds
heroku: `npm install`
dokku: `npm install`
deployd: `npm install`, with a warning
buildpack: node
process web: exec node server.js
warning: there is no package-lock.json: each build may get other versions of the packages
-- package.json
{ "scripts": { "start": "node server.js" } }
