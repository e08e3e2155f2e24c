convention: a release command that fails
source: https://devcenter.heroku.com/articles/release-phase
deployed: yes
buildpack: none
process release: echo 'Error: no database'; exit 3
process web: true
fails: the release command exited with status 3: Error: no database
-- Procfile
release: echo 'Error: no database'; exit 3
web: true
