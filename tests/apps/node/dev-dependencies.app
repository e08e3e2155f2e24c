convention: `NPM_CONFIG_PRODUCTION=false`, `YARN_PRODUCTION=false`, another `NODE_ENV`: devDependencies stay
source: https://devcenter.heroku.com/articles/nodejs-classic-buildpack-builds#skip-pruning
heroku: yes
dokku: yes
deployd: yes
config NPM_CONFIG_PRODUCTION: false
buildpack: node
process web: exec node server.js
warning: there is no package-lock.json: each build may get other versions of the packages
says: -----> Keeping devDependencies: NPM_CONFIG_PRODUCTION is false
file node_modules/two/index.js:
-- package.json
{ "devDependencies": { "two": "file:./two" }, "scripts": { "start": "node server.js" } }
-- two/package.json
{ "name": "two", "version": "1.0.0" }
-- two/index.js
