convention: `server.js` without a script `start`
source: https://docs.npmjs.com/cli/commands/npm-start
heroku: yes
dokku: yes
deployd: yes, also without `package.json`
buildpack: node
process web: exec node server.js
environment NODE_ENV: production
-- server.js
