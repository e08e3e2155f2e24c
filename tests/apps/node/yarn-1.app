convention: `yarn.lock` of yarn 1
source: https://classic.yarnpkg.com/en/docs/yarn-lock
heroku: yes
dokku: yes
deployd: yes
network: yes
buildpack: node
process web: exec node server.js
says: -----> Installing packages, with node v… and yarn 1.…
-- package.json
{ "name": "shop", "scripts": { "start": "node server.js" } }
-- yarn.lock
# yarn lockfile v1
