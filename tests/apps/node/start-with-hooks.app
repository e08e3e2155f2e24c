convention: `prestart`, `poststart`
source: https://docs.npmjs.com/cli/using-npm/scripts#life-cycle-scripts
heroku: yes
dokku: yes
deployd: yes, by `npm start`
built: no
buildpack: node
process web: exec npm start
-- package.json
{ "scripts": { "prestart": "node first.js", "start": "node server.js" } }
