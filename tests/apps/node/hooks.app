convention: `heroku-prebuild`, `heroku-postbuild` instead of `build`, `heroku-cleanup`
source: https://devcenter.heroku.com/articles/nodejs-classic-buildpack-builds#heroku-specific-build-steps
heroku: yes
dokku: yes
deployd: yes
buildpack: node
process web: exec node server.js
warning: there is no package-lock.json: each build may get other versions of the packages
file log: prebuild postbuild two cleanup
-- package.json
{
  "devDependencies": { "two": "file:./two" },
  "scripts": {
    "heroku-prebuild": "echo prebuild $(ls node_modules) >>log", "build": "echo build >>log",
    "heroku-postbuild": "echo postbuild $(ls node_modules) >>log", "heroku-cleanup": "echo cleanup $(ls node_modules) >>log",
    "start": "node server.js"
  }
}
-- two/package.json
{ "name": "two", "version": "1.0.0" }
